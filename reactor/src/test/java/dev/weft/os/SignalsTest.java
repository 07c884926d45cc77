// SPDX-License-Identifier: Apache-2.0
package dev.weft.os;

import static dev.weft.Throwing.assertThrows;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import java.lang.reflect.Method;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Uses SIGWINCH, which a process ignores by default. */
class SignalsTest {
  private static void raise(Signal signal) throws Exception {
    new ProcessBuilder("kill", "-" + signal.number(), Long.toString(ProcessHandle.current().pid()))
        .inheritIO()
        .start()
        .waitFor();
  }

  @Test
  void aSignalWakesTheFiberThatAwaitsIt() throws Exception {
    Reactors.run(
        () -> {
          try (Signals signals = Signals.open(Signal.WINCH, Signal.USR2)) {
            Fiber waiter = Fiber.start(() -> assertEquals(Signal.WINCH, signals.await()));
            Fiber.yield();
            raise(Signal.WINCH);
            waiter.join();
            raise(Signal.USR2);
            assertEquals(Signal.USR2, signals.await());
          }
        });
  }

  /** libdill signals: raised and awaited a thousand times, none is missed. */
  @Test
  void aThousandSignalsWakeAFiberAThousandTimes() throws Exception {
    Class<?> type = Class.forName("sun.misc.Signal"); // by reflection: javac warns of a use by name
    Object winch = type.getConstructor(String.class).newInstance("WINCH");
    Method raise = type.getMethod("raise", type);
    Reactors.run(
        () -> {
          try (Signals signals = Signals.open(Signal.WINCH)) {
            for (int i = 0; i < 1_000; i++) {
              raise.invoke(null, winch);
              assertEquals(Signal.WINCH, signals.await());
            }
          }
        });
  }

  @Test
  void awaitWithAPassedDeadlineConsumesNoSignal() throws Exception {
    Reactors.run(
        () -> {
          try (Signals signals = Signals.open(Signal.WINCH);
              Signals other = Signals.open(Signal.WINCH)) {
            raise(Signal.WINCH);
            other.await(); // the signal has been delivered to both
            Deadline past = Deadline.after(Duration.ofSeconds(-1));
            assertThrows(DeadlineExceededException.class, () -> signals.await(past));
            assertEquals(Signal.WINCH, signals.await(Deadline.NOW));
          }
        });
  }

  @Test
  void everyOpenSubscriptionGetsTheSignal() throws Exception {
    Reactors.run(
        () -> {
          try (Signals one = Signals.open(Signal.WINCH)) {
            Signals other = Signals.open(Signal.WINCH);
            raise(Signal.WINCH);
            assertEquals(Signal.WINCH, one.await());
            assertEquals(Signal.WINCH, other.await());
            other.close();
            raise(Signal.WINCH);
            assertEquals(Signal.WINCH, one.await());
          }
        });
  }

  @Test
  void awaitEndsWithDeadlineCancelAndClose() throws Exception {
    Reactors.run(
        () -> {
          Signals signals = Signals.open(Signal.WINCH);
          assertThrows(DeadlineExceededException.class, () -> signals.await(Deadline.NOW));
          Fiber cancelled =
              Fiber.start(() -> assertThrows(CancelledException.class, signals::await));
          Fiber closed =
              Fiber.start(() -> assertThrows(IllegalStateException.class, signals::await));
          Fiber.yield();
          cancelled.cancel();
          cancelled.join();
          signals.close();
          closed.join();
        });
  }

  @Test
  void whatTheJvmDoesNotNeedCanBeOpened() throws Exception {
    Signal[] all = {Signal.HUP, Signal.INT, Signal.TERM, Signal.USR2, Signal.WINCH};
    Reactors.assertEnds(
        () -> {
          for (Signal signal : all) {
            Signals.open(signal).close();
          }
        });
  }

  /** Opens signals, one of which the JVM uses, and prints the results. */
  static final class OpensKept {
    public static void main(String[] arguments) throws Exception {
      try (Reactor reactor = Reactor.open(Reactors.options())) {
        reactor.run(
            () -> {
              try {
                Signals.open(Signal.WINCH, Signal.TERM).close();
                System.out.println("opened");
              } catch (IllegalArgumentException e) {
                System.out.println("refused: " + e.getMessage());
              }
              Signals.open(Signal.WINCH).close();
            });
      }
    }
  }

  @Test
  void aSignalUsedByTheJvmIsRefused() throws Exception {
    List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().get()));
    command.addAll(List.of("-Xrs", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("--add-opens=java.base/java.lang=ALL-UNNAMED"));
    command.addAll(List.of("--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(OpensKept.class.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertEquals(0, process.waitFor(), output);
    assertTrue(output.startsWith("refused: ") && output.contains("SIGTERM"), output);
  }
}
