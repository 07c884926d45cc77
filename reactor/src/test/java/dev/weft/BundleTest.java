// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.Throwing.nothing;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a bundle promises. Tests of libdill's that have a counterpart here are named. */
class BundleTest {
  private static void blockForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  /** libdill bundle 1, 9. */
  @Test
  void anEmptyBundleOpensAwaitsAndCloses() throws Exception {
    Reactors.assertEnds(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.await();
          }
        });
  }

  /** libdill bundle 2, 3 and go 4. */
  @Test
  void aBundleClosesAfterItsChildrenHaveEnded() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> child = bundle.go(() -> 7);
            Fiber.yield();
            assertEquals(Task.State.SUCCEEDED, child.state());
            assertEquals(7, child.join());
          }
        });
  }

  /** libdill bundle 4, 6 and go 3. */
  @Test
  void closingCancelsRunningChildrenAndAwaitsThem() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          List<Task<?>> children = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 3; i++) {
              String name = "child " + i;
              children.add(
                  bundle.go(
                      () -> {
                        assertThrows(CancelledException.class, BundleTest::blockForEver);
                        // each later call throws too
                        assertThrows(CancelledException.class, Fiber::yield);
                        log.add(name);
                        blockForEver();
                      }));
            }
            Fiber.yield();
          }
          for (Task<?> child : children) {
            assertEquals(Task.State.CANCELLED, child.state());
          }
        });
    assertEquals(List.of("child 0", "child 1", "child 2"), log);
  }

  /** libdill bundle 5, 10, 11. */
  @Test
  void awaitEndsWithTheLastChildAndTheBundleStaysUsable() throws Exception {
    Reactors.run(
        () -> {
          int[] ended = {0};
          try (Bundle bundle = Bundle.open()) {
            for (int n = 1; n <= 3; n++) {
              int yields = n;
              bundle.go(
                  () -> {
                    for (int i = 0; i < yields; i++) {
                      Fiber.yield();
                    }
                    ended[0]++;
                  });
            }
            bundle.await();
            assertEquals(3, ended[0]);
            bundle.go(() -> ended[0]++);
            bundle.await(Deadline.NEVER);
            assertEquals(4, ended[0]);
          }
        });
  }

  /** libdill bundle 13. */
  @Test
  void awaitingPastTheDeadlineLeavesTheChildrenRunning() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> child = bundle.go(BundleTest::blockForEver);
            Fiber.yield();
            assertThrows(DeadlineExceededException.class, () -> bundle.await(Deadline.NOW));
            assertEquals(Task.State.RUNNING, child.state());
            assertFalse(child.fiber().isCancelled());
          }
        });
  }

  /** libdill bundle 8: a child may start children in the bundle that it is in. */
  @Test
  void aChildMayStartSiblings() throws Exception {
    Reactors.run(
        () -> {
          List<String> log = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  log.add("child");
                  bundle.go(() -> log.add("sibling"));
                });
            bundle.await();
          }
          assertEquals(List.of("child", "sibling"), log);
        });
  }

  @Test
  void severalFibersMayAwaitOneBundle() throws Exception {
    Reactors.run(
        () -> {
          int[] through = {0};
          try (Bundle waiting = Bundle.open();
              Bundle bundle = Bundle.open()) {
            Task<?> child = bundle.go(BundleTest::blockForEver);
            for (int i = 0; i < 2; i++) {
              waiting.go(
                  () -> {
                    bundle.await();
                    through[0]++;
                  });
            }
            Fiber.yield();
            child.cancel();
            bundle.await();
            Fiber.yield();
            assertEquals(2, through[0]);
          }
        });
  }

  @Test
  void theFirstFailureCancelsTheSiblingsAndLaterOnesAreSuppressed() throws Exception {
    Reactors.run(
        () -> {
          IOException first = new IOException("first");
          IOException second = new IOException("second");
          Bundle bundle = Bundle.open();
          bundle.go(
              "bad",
              () -> {
                throw first;
              });
          Task<?> sibling =
              bundle.go(
                  () -> {
                    assertThrows(CancelledException.class, BundleTest::blockForEver);
                    throw second;
                  });
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::await);
          bundle.close(); // does not throw again: await has thrown the failure

          assertSame(first, thrown.getCause());
          assertEquals("bad failed: java.io.IOException: first", thrown.getMessage());
          assertEquals(List.of(second), List.of(thrown.getSuppressed()));
          assertEquals(Task.State.FAILED, sibling.state());
        });
  }

  @Test
  void aFailureEndsTheOwnersWaitInTheBlock() throws Exception {
    Reactors.run(
        () -> {
          IOException cause = new IOException("broken");
          TaskFailedException thrown =
              assertThrows(
                  TaskFailedException.class,
                  () -> {
                    try (Bundle bundle = Bundle.open()) {
                      bundle.go(
                          () -> {
                            throw cause;
                          });
                      blockForEver();
                    }
                  });
          assertSame(cause, thrown.getCause());
          assertEquals(0, thrown.getSuppressed().length);
          Fiber.yield(); // outside the block calls don't throw
        });
  }

  @Test
  void aFailureThatTheOwnerHasNotSeenIsThrownByClose() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open();
          bundle.go(
              () -> {
                throw new IOException("unseen");
              });
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::close);
          assertEquals("unseen", thrown.getCause().getMessage());
          bundle.close(); // does nothing
        });
  }

  @Test
  void aFailureInAnOuterBundleEndsAWaitInAnInnerOne() throws Exception {
    Reactors.run(
        () -> {
          assertThrows(
              TaskFailedException.class,
              () -> {
                try (Bundle outer = Bundle.open()) {
                  outer.go(
                      () -> {
                        throw new IOException("outer");
                      });
                  try (Bundle inner = Bundle.open()) {
                    inner.go(BundleTest::blockForEver);
                    inner.await();
                  }
                }
              });
        });
  }

  @Test
  void aSupervisingBundleReportsEachFailureAndStaysOpen() throws Exception {
    Reactors.run(
        () -> {
          List<String> reported = new ArrayList<>();
          try (Bundle bundle = Bundle.supervising(e -> reported.add(e.getMessage()))) {
            Task<?> good = bundle.go(BundleTest::blockForEver);
            for (int i = 0; i < 2; i++) {
              String message = "failure " + i;
              bundle.go(
                  () -> {
                    throw new IOException(message);
                  });
            }
            Fiber.yield();
            Fiber.yield();
            assertEquals(List.of("failure 0", "failure 1"), reported);
            assertEquals(Task.State.RUNNING, good.state());
          }
        });
  }

  @Test
  void aHandlerThatThrowsFailsTheBundle() throws Exception {
    Reactors.run(
        () -> {
          IllegalStateException mistake = new IllegalStateException("in the handler");
          IOException failure = new IOException("in the child");
          Bundle bundle =
              Bundle.supervising(
                  e -> {
                    throw mistake;
                  });
          bundle.go(
              () -> {
                throw failure;
              });
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::await);
          bundle.close();
          assertSame(failure, thrown.getCause());
          assertEquals(List.of(mistake), List.of(thrown.getSuppressed()));
        });
  }

  @Test
  void cancellingOneTaskIsNoFailure() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> one = bundle.go(BundleTest::blockForEver);
            Task<?> other = bundle.go(BundleTest::blockForEver);
            Fiber.yield();
            one.cancel();
            one.join();
            assertEquals(Task.State.CANCELLED, one.state());
            assertEquals(Task.State.RUNNING, other.state());
          }
        });
  }

  @Test
  void aCancelledExceptionWithoutACancelIsAFailure() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open();
          Task<?> child =
              bundle.go(
                  () -> {
                    throw new CancelledException("by itself");
                  });
          assertThrows(TaskFailedException.class, bundle::await);
          assertEquals(Task.State.FAILED, child.state());
          bundle.close();
        });
  }

  @Test
  void aCancelReachesChildrenStartedAfterIt() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.cancel();
            Task<?> late = bundle.go(Fiber::yield);
            bundle.await();
            assertEquals(Task.State.CANCELLED, late.state());
          }
        });
  }

  @Test
  void closeAwaitsACleanupEvenIfItsOwnerIsCancelled() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Fiber owner =
              Fiber.start(
                  () -> {
                    try (Bundle bundle = Bundle.open()) {
                      bundle.go(
                          () -> {
                            try {
                              blockForEver();
                            } finally {
                              Fiber.shielded(
                                  Deadline.NEVER,
                                  () -> {
                                    for (int i = 0; i < 10; i++) {
                                      Fiber.yield();
                                    }
                                    log.add("cleaned up");
                                  });
                            }
                          });
                      blockForEver();
                    } finally {
                      log.add("closed");
                    }
                  });
          Fiber.yield();
          Fiber.yield();
          owner.cancel();
          owner.join();
        });
    assertEquals(List.of("cleaned up", "closed"), log);
  }

  @Test
  void aHundredThousandChildrenEndWithTheirBundle() throws Exception {
    int count = FiberKind.configured() == FiberKind.BATON ? 5_000 : 100_000;
    Reactors.run(
        () -> {
          int[] ended = {0};
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < count; i++) {
              bundle.go(
                  () -> {
                    try {
                      blockForEver();
                    } finally {
                      ended[0]++;
                    }
                  });
            }
            Fiber.yield();
          }
          assertEquals(count, ended[0]);
        });
  }

  // ---- misuse

  @Test
  void onlyTheOwnerMayClose() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> thief = bundle.go("thief", bundle::close);
            TaskFailedException thrown = assertThrows(TaskFailedException.class, thief::join);
            assertInstanceOf(IllegalStateException.class, thrown.getCause());
            assertTrue(
                thrown.getCause().getMessage().startsWith("thief can't close bundle of main"),
                thrown.getCause().getMessage());
          } catch (TaskFailedException e) {
            // the bundle has failed, too
          }
        });
  }

  @Test
  void bundlesAreClosedInReverseOrder() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle outer = Bundle.open();
              Bundle inner = Bundle.open()) {
            IllegalStateException thrown = assertThrows(IllegalStateException.class, outer::close);
            assertTrue(thrown.getMessage().contains("opened after"), thrown.getMessage());
            inner.await();
          }
        });
  }

  @Test
  void aChildCantAwaitItsOwnBundle() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> child =
                bundle.go(
                    "child",
                    () -> {
                      IllegalStateException thrown =
                          assertThrows(IllegalStateException.class, bundle::await);
                      assertEquals(
                          "child can't await bundle of main (1 child): it is in it, and would wait"
                              + " for itself",
                          thrown.getMessage());
                    });
            child.join();
          }
        });
  }

  @Test
  void aBundleLeftOpenEndsWithItsFiberAndFailsIt() throws Exception {
    List<String> log = new ArrayList<>();
    IllegalStateException thrown =
        assertThrows(
            IllegalStateException.class,
            () ->
                Reactors.run(
                    () -> {
                      Bundle bundle = Bundle.open();
                      bundle.go(
                          () -> {
                            try {
                              blockForEver();
                            } finally {
                              log.add("ended");
                            }
                          });
                      Fiber.yield();
                    }));
    assertEquals("main went on without closing bundle of main (0 children)", thrown.getMessage());
    assertEquals(List.of("ended"), log);
  }

  @Test
  void aBundleLeftOpenInAShieldEndsWithTheShield() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle outer = Bundle.open()) {
            assertThrows(
                IllegalStateException.class,
                () ->
                    Fiber.shielded(
                        Deadline.NEVER,
                        () -> {
                          Bundle.open();
                        }));
            outer.await();
          }
        });
  }

  @Test
  void nothingStartsInAClosedBundle() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open();
          bundle.close();
          assertThrows(IllegalStateException.class, () -> bundle.go(Fiber::yield));
        });
  }

  @Test
  void aNullTaskOrHandlerIsRefused() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            assertThrows(NullPointerException.class, () -> bundle.go((FiberTask) nothing()));
            bundle.await();
          }
          assertThrows(NullPointerException.class, () -> Bundle.supervising(nothing()));
        });
  }

  @Test
  void aBundleNeedsAFiber() {
    assertThrows(WrongThreadException.class, Bundle::open);
  }
}
