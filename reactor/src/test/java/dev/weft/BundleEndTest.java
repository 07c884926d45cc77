// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.TaskFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** The end of a bundle: which fibers it ends, its cost, and that no exception is lost. */
class BundleEndTest {
  private static void blockForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  // ---- which fibers it ends

  @Test
  void noGrandchildOutlivesTheScope() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  try (Bundle inner = Bundle.open()) {
                    inner.go(
                        () -> {
                          try {
                            blockForEver();
                          } finally {
                            log.add("grandchild");
                          }
                        });
                    blockForEver();
                  } finally {
                    log.add("child");
                  }
                });
            Fiber.yield();
            Fiber.yield();
          }
          log.add("closed");
          assertEquals(1, Reactor.current().dump().fibers().size());
        });
    assertEquals(List.of("grandchild", "child", "closed"), log);
  }

  /** libdill go 2: ended children hold no memory. */
  @Test
  void endedChildrenAreForgottenBeforeTheClose() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 20; i++) {
              bundle.go(() -> Fiber.yield());
            }
            bundle.await();
            Dump.FiberEntry main = Reactor.current().dump().fibers().getFirst();
            assertEquals(List.of(), main.bundles().getFirst().children());
          }
        });
  }

  /** libdill bundle 12. */
  @Test
  void awaitReturnsWithTheLastChildBeforeItsDeadline() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> child = bundle.go(() -> 7);
            bundle.await(Deadline.after(Duration.ofHours(1)));
            assertTrue(child.isReady());
          }
        });
  }

  // ---- what it costs

  /** Each child is resumed twice: at its start, and for its end. */
  @Test
  void closingIsLinearInTheChildren() throws Exception {
    int count = FiberKind.configured() == FiberKind.BATON ? 2_000 : 10_000;
    assertEquals(2L * count, resumesToOpenAndClose(count));
    assertEquals(2L * count / 10, resumesToOpenAndClose(count / 10));
  }

  /** The resumes of all fibers but the owner, which is resumed for its yield and at the end. */
  private static long resumesToOpenAndClose(int count) throws Exception {
    long[] resumes = {0};
    Reactors.run(
        () -> {
          Reactor reactor = Reactor.current();
          long before = reactor.stats().resumes();
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < count; i++) {
              bundle.go(BundleEndTest::blockForEver);
            }
            Fiber.yield();
          }
          resumes[0] = reactor.stats().resumes() - before - 2;
        });
    return resumes[0];
  }

  // ---- no exception is lost

  @Test
  void anExceptionOfACancelledChildsCleanupFailsTheBundle() throws Exception {
    Reactors.run(
        () -> {
          IOException lost = new IOException("could not be written");
          Bundle bundle = Bundle.open();
          bundle.go(
              "writer",
              () -> {
                try (AutoCloseable _ =
                    () -> {
                      throw lost;
                    }) {
                  blockForEver();
                }
              });
          Fiber.yield();
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::close);
          assertSame(lost, thrown.getCause().getSuppressed()[0]);
        });
  }

  @Test
  void aCleanupEndedByTheCancelIsNoFailure() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> child =
                bundle.go(
                    () -> {
                      try (AutoCloseable _ = Fiber::yield) {
                        blockForEver();
                      }
                    });
            Fiber.yield();
            child.cancel();
            bundle.await();
            assertEquals(Task.State.CANCELLED, child.state());
          }
        });
  }

  @Test
  void aCancelThatInterruptsACallOfTheJdkIsNoFailure() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Reactors.run(
        () -> {
          Task<?> child;
          try (Bundle bundle = Bundle.open()) {
            child =
                bundle.go(
                    () -> {
                      never.await();
                    });
            Fiber.yield();
          }
          assertEquals(Task.State.CANCELLED, child.state());
        });
  }

  @Test
  void aFailureOfTheBlockAndOneOfAChildAreBothThrown() throws Exception {
    Reactors.run(
        () -> {
          IOException ofBlock = new IOException("block");
          IOException ofChild = new IOException("child");
          IOException thrown =
              assertThrows(
                  IOException.class,
                  () -> {
                    try (Bundle bundle = Bundle.open()) {
                      bundle.go(
                          () -> {
                            throw ofChild;
                          });
                      throw ofBlock;
                    }
                  });
          assertSame(ofBlock, thrown);
          assertSame(ofChild, thrown.getSuppressed()[0].getCause());
        });
  }

  @Test
  void exceptionsOfAllCancelledChildrenAreThrown() throws Exception {
    int count = 3;
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open();
          for (int i = 0; i < count; i++) {
            String name = "child " + i;
            bundle.go(
                () -> {
                  try {
                    blockForEver();
                  } catch (CancelledException e) {
                    throw new IOException(name);
                  }
                });
          }
          Fiber.yield();
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::close);
          assertEquals("child 0", thrown.getCause().getMessage());
          assertEquals(
              List.of("child 1", "child 2"),
              List.of(thrown.getSuppressed()).stream().map(Throwable::getMessage).toList());
        });
  }

  // ---- misuse

  @Test
  void aTaskCantJoinItself() throws Exception {
    Reactors.run(
        () -> {
          List<Task<?>> tasks = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            tasks.add(
                bundle.go(
                    "narcissus",
                    () -> {
                      IllegalStateException thrown =
                          assertThrows(IllegalStateException.class, tasks.getFirst()::join);
                      assertEquals("narcissus can't join itself", thrown.getMessage());
                    }));
            bundle.await();
          }
        });
  }

  @Test
  void onlyTheOwnerCanCloseAndTheMessageNamesIt() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open();
              Bundle others = Bundle.open()) {
            others.go(
                "other",
                () -> {
                  IllegalStateException thrown =
                      assertThrows(IllegalStateException.class, bundle::close);
                  assertEquals(
                      "other can't close bundle of main (0 children), only its owner can",
                      thrown.getMessage());
                });
            others.await();
          }
        });
  }
}
