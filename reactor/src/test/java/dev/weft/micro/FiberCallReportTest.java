// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Dump;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.DeadlockException;
import dev.weft.error.PinnedException;
import dev.weft.micro.FiberCallMode.Actor;
import dev.weft.sync.Channel;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Messages and dumps about micro-threads that wait in fiber calls, or can't. */
@Tag("needs-weaving") // and runs in each form
@Timeout(60)
class FiberCallReportTest {
  private static final class Receiver extends Actor {
    private final Channel<String> channel = Channel.rendezvous();

    Receiver() {
      super("receiver");
    }

    @Override
    protected void run() {
      note(channel.receive());
    }
  }

  @ParameterizedTest
  @EnumSource
  void threadsAndFibersThatWaitForEachOtherAreADeadlock(FiberCallMode mode) {
    DeadlockException deadlock =
        assertThrows(
            DeadlockException.class,
            () ->
                mode.run(
                    () -> {
                      mode.start(new Receiver()).join();
                    }));

    assertTrue(deadlock.getMessage().contains("receiver: receive channel"), deadlock.getMessage());
    assertTrue(deadlock.getMessage().contains("Receiver.run"), deadlock.getMessage());
  }

  @ParameterizedTest
  @EnumSource
  void aDumpShowsTheThreadThatWaits(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          MicroProcess process = mode.start(new Receiver());
          Fiber.yield();

          Dump.FiberEntry entry =
              Reactor.current().dump().fibers().stream()
                  .filter(fiber -> fiber.name().equals("receiver"))
                  .findFirst()
                  .orElseThrow();
          process.kill();
          process.join();

          assertEquals(Dump.Activity.WAITING, entry.activity());
          assertEquals("receive channel", entry.waitingFor());
          assertTrue(
              entry.stack().stream().anyMatch(frame -> frame.getClassName().contains("Receiver")));
        });
  }

  /** Asks for its own fiber. */
  private static final class Mirror extends Actor {
    Mirror() {
      super("mirror");
    }

    @Override
    protected void run() {
      note(Fiber.current());
      for (StackTraceElement frame : Fiber.current().stackTrace()) {
        if (frame.getClassName().contains("Mirror")) {
          note(frame.getMethodName());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void currentReturnsTheMicroThreadsFiber(FiberCallMode mode) throws Exception {
    mode.run(
        () -> {
          Mirror mirror = new Mirror();

          mode.start(mirror).join();

          assertEquals(List.of("mirror", "run"), mirror.notes);
        });
  }

  private static final class Pinned extends Actor {
    private final Channel<String> channel = Channel.rendezvous();

    Pinned() {
      super("pinned");
    }

    @Override
    protected void run() {
      Fiber.yield(); // a call that suspends, so that the method is woven
      try {
        List.of(1).forEach(one -> note(channel.receive()));
      } catch (PinnedException e) {
        note(e.getMessage());
      }
    }
  }

  @Test
  void unwovenCodeBetweenThreadAndCallIsNamed() throws Exception {
    FiberCallMode.WOVEN.run(
        () -> {
          Pinned pinned = new Pinned();

          FiberCallMode.WOVEN.start(pinned).join();

          String message = pinned.notes.getFirst();
          assertTrue(message.startsWith("receive channel: pinned can't be suspended by"), message);
          assertTrue(message.contains("forEach"), message);
        });
  }

  private static final class Outsider extends Actor {
    final AtomicReference<Throwable> thrown = new AtomicReference<>();

    Outsider() {
      super("outsider");
    }

    @Override
    protected void run() {
      try {
        Fiber.sleep(Duration.ZERO);
      } catch (WrongThreadException e) {
        thrown.set(e);
      }
    }
  }

  @Test
  void theLocalExecutorRefusesFiberCalls() {
    Outsider outsider = new Outsider();

    MicroProcess.runLocal(outsider, 16);

    assertTrue(String.valueOf(outsider.thrown.get()).contains("sleep must be called in a fiber"));
  }
}
