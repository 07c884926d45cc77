// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.ReactorUnavailableException;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;

/**
 * The program of {@link FiberAccessTest}: uses the library in the ways and in the order that its
 * arguments name, and prints the result of each.
 */
final class FiberAccessProbe {
  private static final ReactorOptions RING =
      ReactorOptions.defaults().withBackend(BackendKind.IO_URING);

  private FiberAccessProbe() {}

  public static void main(String[] arguments) throws Exception {
    for (String argument : arguments) {
      switch (argument) {
        case "reactor" -> reactor();
        case "reason" -> reason();
        case "virtual" -> Thread.ofVirtual().start(FiberAccessProbe::currentReactor).join();
        case "coroutine" -> coroutine();
        case "routine" -> routine();
        case "repair" -> System.clearProperty("dev.weft.native.path");
        default -> throw new IllegalArgumentException(argument);
      }
    }
  }

  private static void reactor() throws Exception {
    try (Reactor reactor = Reactor.open(RING)) {
      System.out.println(reactor.call(() -> "fibers are " + reactor.fiberKind()));
    } catch (ReactorUnavailableException e) {
      System.out.println("no reactor");
    }
  }

  private static void reason() {
    try {
      Reactor.open(RING).close();
      System.out.println("a reactor");
    } catch (ReactorUnavailableException e) {
      System.out.println(e.getMessage());
    }
  }

  private static void currentReactor() {
    try {
      System.out.println(Reactor.current());
    } catch (WrongThreadException e) {
      System.out.println("no reactor on this thread");
    }
  }

  private static void coroutine() {
    try (Coroutine<Integer, Void, Void> coroutine =
        Coroutine.of(
            out -> {
              out.yield(7);
              return null;
            })) {
      System.out.println("coroutine yields " + coroutine.start());
    } catch (UnsupportedOperationException e) {
      System.out.println("no coroutine: " + e.getMessage());
    }
  }

  private static void routine() throws Exception {
    try {
      boolean suspended = new Suspending().stackful().go(new Context());
      System.out.println("routine is suspended: " + suspended);
    } catch (IllegalStateException e) {
      System.out.println("no stackful routine: " + e.getMessage());
    }
  }

  private static final class Suspending extends Routine {
    @Override
    protected void run() {
      suspend();
    }

    @Override
    public String toString() {
      return "body";
    }
  }
}
