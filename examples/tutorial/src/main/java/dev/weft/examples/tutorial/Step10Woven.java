// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;

/**
 * Step 10: weaving. The build of this module makes methods that suspend resumable, so that fibers
 * and routines need no stack (stackless coroutines). The source is the same.
 */
final class Step10Woven {
  static void main() throws Exception {
    Context context = new Context(); // one for each thread that runs routines
    Routine blinker = new Blinker();
    while (blinker.go(context)) {
      System.out.println("suspended");
    }
    runFiber("a fiber runs ", false);
    runFiber("the same code runs ", true);
  }

  /** A routine is a bare coroutine: its caller schedules it. */
  private static final class Blinker extends Routine {
    private int ticks;

    @Override
    protected void run() {
      while (ticks < 2) {
        tick(); // suspends, because what it calls does
      }
      System.out.println("done");
    }

    private void tick() {
      System.out.println("tick " + ++ticks);
      suspend();
    }
  }

  private static void runFiber(String name, boolean stackful) throws Exception {
    try (Reactor reactor = Reactor.open(ReactorOptions.defaults().withStackful(stackful))) {
      reactor.run(
          () -> {
            Fiber.yield();
            boolean hasThread = Fiber.current().thread().isVirtual();
            System.out.println(name + (hasThread ? "on a virtual thread" : "without a stack"));
          });
    }
  }
}
