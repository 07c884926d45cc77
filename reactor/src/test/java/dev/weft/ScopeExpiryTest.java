// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.io.Pipe;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Latch;
import dev.weft.sync.Queue;
import dev.weft.sync.Semaphore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which deadline has passed: that of the call, or that of a scope around it. */
class ScopeExpiryTest {
  private static final Deadline LATE = Deadline.after(Duration.ofHours(1));

  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(5));
  }

  /** Calls of all kinds that wait indefinitely, with a deadline of their own. */
  private static List<Throwing.Body> waits(Deadline own, Arena arena, Pipe pipe, Task<?> task) {
    Channel<Integer> channel = Channel.rendezvous();
    return List.of(
        () -> channel.receive(own),
        () -> channel.send(1, own),
        () -> Choose.<Integer>create().receive(channel, value -> value).await(own),
        () -> Latch.of(1).await(own),
        () -> Semaphore.of(0).acquire(own),
        () -> Queue.<Integer>bounded(2).receive(own),
        () -> task.join(own),
        () -> task.fiber().join(own),
        () -> pipe.source().read(arena.allocate(1), own));
  }

  private static void waitForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  @Test
  void aCallsOwnDeadlineAndThatOfAScopeAreDistinguished() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined();
              Bundle children = Bundle.open()) {
            Task<?> task = children.go(ScopeExpiryTest::waitForEver);
            for (Throwing.Body wait : waits(Deadline.after(Duration.ZERO), arena, pipe, task)) {
              assertThrows(DeadlineExceededException.class, wait);
            }
            for (Throwing.Body wait : waits(soon(), arena, pipe, task)) {
              assertThrows(DeadlineExceededException.class, wait);
            }
            try (Bundle _ = Bundle.open(soon())) {
              for (Throwing.Body wait : waits(LATE, arena, pipe, task)) {
                assertThrows(ScopeExpiredException.class, wait);
              }
              for (Throwing.Body wait : waits(Deadline.NOW, arena, pipe, task)) {
                assertThrows(ScopeExpiredException.class, wait);
              }
            }
          }
        });
  }

  @Test
  void theMessageNamesTheExpiredScope() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle outer = Bundle.open(Deadline.NOW);
              Bundle inner = Bundle.open()) {
            ScopeExpiredException thrown =
                assertThrows(ScopeExpiredException.class, () -> inner.await(Deadline.NOW));
            assertEquals(
                "await bundle of main (0 children): the deadline of bundle of main (0 children)"
                    + " has passed",
                thrown.getMessage());
            assertTrue(thrown.isOf(outer));
            assertFalse(thrown.isOf(inner));
          }
        });
  }

  @Test
  void aChildSeesThatItsBundleHasExpired() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open(Deadline.NOW);
          List<String> log = new ArrayList<>();
          bundle.go(
              "child",
              () -> {
                try (Bundle _ = Bundle.open(LATE)) {
                  log.add(
                      "" + assertThrows(ScopeExpiredException.class, Fiber::yield).getMessage());
                }
              });
          Fiber.shielded(Deadline.NEVER, () -> Fiber.yield());
          bundle.close();
          assertEquals(
              List.of("yield: the deadline of the bundle that child was started in has passed"),
              log);
        });
  }

  // ---- bundles

  @Test
  void aCleanupThatFailsInAnExpiredChildIsAFailure() throws Exception {
    Reactors.run(
        () -> {
          IOException lost = new IOException("could not be written");
          Bundle bundle = Bundle.open(Deadline.NOW);
          bundle.go(
              () -> {
                try (AutoCloseable _ =
                    () -> {
                      throw lost;
                    }) {
                  waitForEver();
                }
              });
          Fiber.shielded(Deadline.NEVER, () -> Fiber.yield());
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::close);
          assertInstanceOf(ScopeExpiredException.class, thrown.getCause());
          assertSame(lost, thrown.getCause().getSuppressed()[0]);
        });
  }

  @Test
  void aChildWhoseOwnDeadlineHasPassedHasFailed() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open(LATE);
          bundle.go(() -> Channel.rendezvous().receive(Deadline.NOW));
          Fiber.yield();
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::close);
          assertInstanceOf(DeadlineExceededException.class, thrown.getCause());
        });
  }

  @Test
  void closeReportsThatTheDeadlineHasEndedTheChildren() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open(Deadline.NOW);
          bundle.go("child", Fiber::yield);
          Fiber.shielded(Deadline.NEVER, () -> Fiber.yield());
          ScopeExpiredException thrown = assertThrows(ScopeExpiredException.class, bundle::close);
          assertTrue(thrown.isOf(bundle));
          assertInstanceOf(ScopeExpiredException.class, thrown.getCause());
        });
  }

  // ---- Fiber.within and Fiber.shielded

  @Test
  void withinThrowsThatItsOwnDeadlineHasPassed() throws Exception {
    Reactors.run(
        () -> {
          assertEquals(7, Fiber.within(LATE, () -> 7));
          DeadlineExceededException thrown =
              assertThrows(
                  DeadlineExceededException.class,
                  () -> Fiber.within(soon(), ScopeExpiryTest::waitForEver));
          assertEquals("a call of Fiber.within: deadline exceeded", thrown.getMessage());
          assertInstanceOf(ScopeExpiredException.class, thrown.getCause());
          Fiber.yield(); // the scope's deadline no longer applies
        });
  }

  @Test
  void withinThrowsThatTheDeadlineOfAnOuterScopeHasPassed() throws Exception {
    Reactors.run(
        () -> {
          Deadline deadline = soon();
          try (Bundle block = Bundle.open(deadline)) {
            ScopeExpiredException thrown =
                assertThrows(
                    ScopeExpiredException.class,
                    () -> Fiber.within(LATE, ScopeExpiryTest::waitForEver));
            assertTrue(thrown.isOf(block));
            assertThrows(
                ScopeExpiredException.class,
                () -> Fiber.within(deadline, ScopeExpiryTest::waitForEver));
          }
        });
  }

  @Test
  void shieldedThrowsThatItsOwnLimitHasPassed() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle _ = Bundle.open(Deadline.NOW)) {
            DeadlineExceededException thrown =
                assertThrows(
                    DeadlineExceededException.class,
                    () -> Fiber.shielded(soon(), ScopeExpiryTest::waitForEver));
            assertEquals("a shielded cleanup: deadline exceeded", thrown.getMessage());
          }
        });
  }

  // ---- exceptions of cleanups

  @Test
  void aBundleLeftOpenDoesNotReplaceTheThrownException() throws Exception {
    Reactors.run(
        () -> {
          IOException thrown = new IOException("what went wrong");
          FiberTask forgetful =
              () -> {
                Bundle.open();
                throw thrown;
              };
          assertSame(
              thrown,
              assertThrows(IOException.class, () -> Fiber.shielded(Deadline.NEVER, forgetful)));
          assertSame(
              thrown,
              assertThrows(IOException.class, () -> Fiber.within(Deadline.NEVER, forgetful)));
          assertEquals(2, thrown.getSuppressed().length);
          for (Throwable mistake : thrown.getSuppressed()) {
            assertEquals(
                "main went on without closing bundle of main (0 children)", mistake.getMessage());
          }
          assertThrows(
              IllegalStateException.class,
              () -> Fiber.within(Deadline.NEVER, () -> Bundle.open().go(Fiber::yield)));
          Fiber.yield();
        });
  }

  @Test
  void aCleanupEndedByTheFailureOfTheBlockDoesNotHideTheFailure() throws Exception {
    Reactors.run(
        () -> {
          IOException cause = new IOException("in the child");
          TaskFailedException thrown =
              assertThrows(
                  TaskFailedException.class,
                  () -> {
                    try (Bundle bundle = Bundle.open()) {
                      bundle.go(
                          () -> {
                            throw cause;
                          });
                      try (AutoCloseable _ = Fiber::yield) {
                        waitForEver();
                      }
                    }
                  });
          assertSame(cause, thrown.getCause());
          assertSame(cause, thrown.getSuppressed()[0].getCause());
        });
  }
}
