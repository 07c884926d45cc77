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
import dev.weft.internal.os.LibcFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Mostly with SIGWINCH, which a process ignores by default. */
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
          try (Signals signals = Signals.open(Signal.WINCH, Signal.USR1)) {
            Fiber waiter = Fiber.start(() -> assertEquals(Signal.WINCH, signals.await()));
            Fiber.yield();
            raise(Signal.WINCH);
            waiter.join();
            raise(Signal.USR1);
            assertEquals(Signal.USR1, signals.await());
          }
        });
  }

  /** libdill signals: raised and awaited a thousand times, none is missed. */
  @Test
  void aThousandSignalsWakeAFiberAThousandTimes() throws Exception {
    Reactors.run(
        () -> {
          try (Signals signals = Signals.open(Signal.WINCH)) {
            for (int i = 0; i < 1_000; i++) {
              assertEquals(0, KILL.call(PID, Signal.WINCH.number()));
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

  private static final Set<Signal> RESERVED =
      EnumSet.of(
          Signal.KILL,
          Signal.STOP,
          Signal.SEGV,
          Signal.BUS,
          Signal.ILL,
          Signal.FPE,
          Signal.TRAP,
          Signal.QUIT,
          Signal.USR2,
          Signal.RT28);

  private static final LibcFunction SIGACTION = LibcFunction.find("sigaction", 3);
  private static final LibcFunction KILL = LibcFunction.find("kill", 2);
  private static final int SA_RESTORER = 0x04000000; // the C library adds it
  private static final int PID = (int) ProcessHandle.current().pid();

  /** What happens at a signal: the handler, mask and flags of its struct sigaction. */
  private static List<Long> action(Signal signal) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment action = arena.allocate(152, 8);
      assertEquals(0, SIGACTION.call(signal.number(), 0, action.address()));
      return List.of(
          action.get(ValueLayout.JAVA_LONG, 0),
          action.get(ValueLayout.JAVA_LONG, 8),
          (long) (action.get(ValueLayout.JAVA_INT, 136) & ~SA_RESTORER));
    }
  }

  @ParameterizedTest
  @EnumSource
  @Tag("needs-io-uring") // and so the C library
  void eachSignalIsCaughtFromInsideAndOutsideAndThenAsBefore(Signal signal) throws Exception {
    List<Long> before = action(signal);
    Reactors.run(
        () -> {
          if (RESERVED.contains(signal)) {
            IllegalArgumentException e =
                assertThrows(IllegalArgumentException.class, () -> Signals.open(signal));
            String message = String.valueOf(e.getMessage());
            assertTrue(message.startsWith("SIG" + signal + " can't be caught: the "), message);
          } else {
            try (Signals signals = Signals.open(signal)) {
              assertEquals(0, KILL.call(PID, signal.number()));
              assertEquals(signal, signals.await());
              raise(signal);
              assertEquals(signal, signals.await());
            }
          }
        });
    assertEquals(before, action(signal));
  }

  @Test
  @Tag("needs-io-uring") // and so the C library
  void asManyRealTimeSignalsArriveAsWereSent() throws Exception {
    Reactors.run(
        () -> {
          try (Signals signals = Signals.open(Signal.RT0, Signal.RT30);
              Signals other = Signals.open(Signal.RT0)) {
            for (int i = 0; i < 500; i++) {
              assertEquals(0, KILL.call(PID, Signal.RT0.number()));
              assertEquals(0, KILL.call(PID, Signal.RT30.number()));
            }
            int first = 0;
            for (int i = 0; i < 1000; i++) {
              first += signals.await() == Signal.RT0 ? 1 : 0;
            }
            assertEquals(500, first);
            for (int i = 0; i < 500; i++) {
              assertEquals(Signal.RT0, other.await());
            }
            assertThrows(DeadlineExceededException.class, () -> signals.await(Deadline.NOW));
            assertThrows(DeadlineExceededException.class, () -> other.await(Deadline.NOW));
          }
        });
  }

  /** Waits for signals that the JVM leaves to others by -Xrs, and prints them. */
  static final class AwaitsLeft {
    public static void main(String[] arguments) throws Exception {
      try (Reactor reactor = Reactor.open(Reactors.options())) {
        reactor.run(
            () -> {
              try (Signals signals = Signals.open(Signal.WINCH, Signal.TERM, Signal.QUIT)) {
                for (Signal signal : List.of(Signal.TERM, Signal.QUIT, Signal.WINCH)) {
                  raise(signal);
                  System.out.print(signals.await() + " ");
                }
              }
            });
      }
    }
  }

  @Test
  @Tag("needs-io-uring") // and so the C library
  void whatTheJvmLeavesToOthersIsCaught() throws Exception {
    List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().get()));
    command.addAll(List.of("-Xrs", "--enable-native-access=ALL-UNNAMED"));
    command.addAll(List.of("--add-opens=java.base/java.lang=ALL-UNNAMED"));
    command.addAll(List.of("--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED"));
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(AwaitsLeft.class.getName());
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);

    assertEquals(0, process.waitFor(), output);
    assertEquals("TERM QUIT WINCH ", output);
  }
}
