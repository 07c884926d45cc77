// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.DeadlockException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.sync.Channel;
import dev.weft.sync.Semaphore;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Deadlines of blocks, cancellation, and the shield against both. */
class ScopeTest {
  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(5));
  }

  private static void blockForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  // ---- deadlines of a block

  @Test
  void aBlocksDeadlineEndsEveryWaitInIt() throws Exception {
    Reactors.run(
        () -> {
          assertThrows(
              ScopeExpiredException.class,
              () -> {
                try (Bundle _ = Bundle.open(soon())) {
                  assertThrows(ScopeExpiredException.class, ScopeTest::blockForEver);
                  assertThrows(ScopeExpiredException.class, Fiber::yield);
                  Channel.rendezvous().receive();
                }
              });
          Fiber.yield(); // the deadline no longer applies outside the block
        });
  }

  @Test
  void theNearestOfNestedDeadlinesHolds() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle _ = Bundle.open(soon())) {
            try (Bundle _ = Bundle.open(Deadline.after(Duration.ofHours(1)))) {
              assertThrows(ScopeExpiredException.class, ScopeTest::blockForEver);
            }
          }
          try (Bundle _ = Bundle.open(Deadline.after(Duration.ofHours(1)))) {
            try (Bundle _ = Bundle.open(soon())) {
              assertThrows(ScopeExpiredException.class, ScopeTest::blockForEver);
            }
            Fiber.yield();
          }
          try (Bundle _ = Bundle.open(soon())) {
            Deadline later = Deadline.after(Duration.ofHours(1));
            Channel<Integer> channel = Channel.rendezvous();
            assertThrows(ScopeExpiredException.class, () -> channel.receive(later));
          }
        });
  }

  @Test
  void childrenInheritTheDeadlineAndTheirEndIsReported() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open(soon());
          Task<?> child =
              bundle.go(
                  () -> {
                    try (Bundle inner = Bundle.open()) {
                      Task<?> grandchild = inner.go(ScopeTest::blockForEver);
                      Fiber.shielded(Deadline.NEVER, () -> awaitEnd(grandchild));
                      assertEquals(Task.State.FAILED, grandchild.state());
                    } catch (ScopeExpiredException e) {
                      // the grandchild had not ended
                    }
                    blockForEver();
                  });
          assertThrows(ScopeExpiredException.class, bundle::await);
          Fiber.shielded(Deadline.NEVER, () -> awaitEnd(child));
          assertThrows(ScopeExpiredException.class, bundle::close);
          assertEquals(Task.State.FAILED, child.state());
        });
  }

  @Test
  void awaitThrowsEvenIfTheDeadlineEndsTheChildrenFirst() throws Exception {
    Reactors.run(
        () -> {
          Deadline deadline = soon();
          Bundle bundle = Bundle.open(deadline);
          boolean[] hasRun = {false};
          bundle.go(
              () -> {
                hasRun[0] = true;
                while (!deadline.hasPassed()) {
                  Thread
                      .onSpinWait(); // so that the child notices the deadline before its owner does
                }
                blockForEver();
              });
          assertThrows(ScopeExpiredException.class, bundle::await);
          if (hasRun[0]) {
            assertThrows(ScopeExpiredException.class, bundle::close);
          } else {
            bundle.close(); // the deadline had passed before the child had its first turn
          }
        });
  }

  private static void awaitEnd(Task<?> task) {
    while (!task.isReady()) {
      Fiber.yield();
    }
  }

  @Test
  void aDeadlineThatHasPassedFailsAtOnceAndNothingIsDone() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(1);
          Deadline past = Deadline.after(Duration.ofSeconds(-1));
          long resumes = Reactor.current().stats().resumes();
          assertThrows(DeadlineExceededException.class, () -> channel.send(1, past));
          assertTrue(channel.tryReceive().isEmpty());
          assertTrue(channel.trySend(2));
          assertThrows(DeadlineExceededException.class, () -> channel.receive(past));
          assertEquals(2, channel.tryReceive().orElseThrow());
          assertEquals(resumes, Reactor.current().stats().resumes());
        });
  }

  @Test
  void withDeadlineNowWhatCanBeDoneIsDoneAndNothingWaits() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(1);
          Semaphore semaphore = Semaphore.of(1);
          long resumes = Reactor.current().stats().resumes();
          channel.send(1, Deadline.NOW);
          assertThrows(DeadlineExceededException.class, () -> channel.send(2, Deadline.NOW));
          assertEquals(1, channel.receive(Deadline.NOW));
          assertThrows(DeadlineExceededException.class, () -> channel.receive(Deadline.NOW));
          semaphore.acquire(Deadline.NOW);
          assertThrows(DeadlineExceededException.class, () -> semaphore.acquire(Deadline.NOW));
          assertEquals(resumes, Reactor.current().stats().resumes());
        });
  }

  // ---- cancellation

  @Test
  void aCancelledFiberFailsInEverySuspendingCallFromThenOn() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Channel<Integer> channel = Channel.buffered(1);
            Task<?> child =
                bundle.go(
                    () -> {
                      assertThrows(CancelledException.class, channel::receive);
                      channel.trySend(1);
                      assertThrows(CancelledException.class, channel::receive);
                      assertThrows(CancelledException.class, Fiber::yield);
                      assertThrows(CancelledException.class, () -> Fiber.sleep(Duration.ZERO));
                      assertThrows(CancelledException.class, Bundle::open);
                      assertThrows(CancelledException.class, () -> bundle.go(Fiber::yield));
                    });
            Fiber.yield();
            child.cancel();
            child.join();
            assertEquals(1, channel.receive());
          } catch (TaskFailedException e) {
            throw new AssertionError(e.getCause());
          }
        });
  }

  @Test
  void aDeliveredValueWinsOverALaterCancel() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Channel<Integer> channel = Channel.rendezvous();
            Task<Integer> child = bundle.go(() -> channel.receive());
            Fiber.yield();
            channel.send(7);
            child.cancel();
            assertEquals(7, child.join());
          }
        });
  }

  @Test
  void aCancelledSenderHasNotSent() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Channel<Integer> channel = Channel.rendezvous();
            Task<?> sender = bundle.go(() -> channel.send(7));
            Fiber.yield();
            sender.cancel();
            assertTrue(channel.tryReceive().isEmpty());
          }
        });
  }

  // ---- shields

  @Test
  @Tag("needs-stack") // a fiber without a thread of its own is not interrupted
  void aShieldedCleanupMayWaitInACancelledFiber() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  try {
                    blockForEver();
                  } finally {
                    String answer =
                        Fiber.shielded(
                            Deadline.NEVER,
                            () -> {
                              Fiber.yield();
                              assertFalse(Thread.currentThread().isInterrupted());
                              return "done";
                            });
                    log.add(answer);
                    assertTrue(Thread.currentThread().isInterrupted());
                    assertThrows(CancelledException.class, Fiber::yield);
                  }
                });
            Fiber.yield();
          }
        });
    assertEquals(List.of("done"), log);
  }

  @Test
  void aCancelDuringAShieldedCleanupTakesEffectAfterIt() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Channel<Integer> channel = Channel.rendezvous();
            Task<Integer> child =
                bundle.go(
                    () -> {
                      int value = Fiber.shielded(Deadline.NEVER, () -> channel.receive());
                      assertThrows(CancelledException.class, Fiber::yield);
                      return value;
                    });
            Fiber.yield();
            child.cancel();
            channel.send(7);
            assertEquals(7, child.join());
          }
        });
  }

  @Test
  void aNestedCleanupCantExceedTheLimitOfTheOuterOne() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle _ = Bundle.open(Deadline.NOW)) {
            Fiber.shielded(Deadline.after(Duration.ofHours(1)), () -> Fiber.yield());
            assertThrows(
                DeadlineExceededException.class,
                () -> Fiber.shielded(soon(), ScopeTest::blockForEver));
            assertThrows(
                DeadlineExceededException.class,
                () ->
                    Fiber.shielded(
                        soon(), () -> Fiber.shielded(Deadline.NEVER, ScopeTest::blockForEver)));
          }
        });
  }

  @Test
  void aFailureInABundleOfTheCleanupEndsTheCleanup() throws Exception {
    Reactors.run(
        () -> {
          IOException cause = new IOException("in the cleanup");
          TaskFailedException thrown =
              assertThrows(
                  TaskFailedException.class,
                  () ->
                      Fiber.shielded(
                          Deadline.NEVER,
                          () -> {
                            try (Bundle bundle = Bundle.open()) {
                              bundle.go(
                                  () -> {
                                    throw cause;
                                  });
                              blockForEver();
                            }
                          }));
          assertSame(cause, thrown.getCause());
        });
  }

  @Test
  void aBundleLeftOpenInACleanupIsClosedWithIt() throws Exception {
    Reactors.run(
        () -> {
          IllegalStateException thrown =
              assertThrows(
                  IllegalStateException.class,
                  () -> Fiber.shielded(Deadline.NEVER, () -> Bundle.open().go(Fiber::yield)));
          assertTrue(thrown.getMessage().contains("without closing"), thrown.getMessage());
          Fiber.yield();
        });
  }

  @Test
  void aCleanupThatCantEndIsADeadlock() throws Exception {
    DeadlockException thrown =
        assertThrows(
            DeadlockException.class,
            () ->
                Reactors.run(
                    () -> {
                      try (Bundle bundle = Bundle.open()) {
                        Channel<Integer> channel = Channel.rendezvous();
                        bundle.go(
                            "stuck", () -> Fiber.shielded(Deadline.NEVER, () -> channel.receive()));
                        Fiber.yield();
                      }
                    }));
    assertTrue(thrown.getMessage().contains("stuck: receive channel"), thrown.getMessage());
  }

  // ---- locals

  @Test
  void eachFiberHasItsOwnValueAndChildrenInheritInheritableOnes() throws Exception {
    FiberLocal<String> own = FiberLocal.create();
    FiberLocal<String> shared = FiberLocal.inheritable();
    FiberLocal<List<String>> computed = FiberLocal.withInitial(ArrayList::new);
    Reactors.run(
        () -> {
          own.set("mine");
          shared.set("ours");
          computed.get().add("mine");
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  assertEquals(null, own.get());
                  assertEquals("ours", shared.get());
                  assertEquals(List.of(), computed.get());
                  shared.set("theirs");
                  bundle.go(() -> assertEquals("theirs", shared.get()));
                });
            bundle.await();
          }
          assertEquals("mine", own.get());
          assertEquals("ours", shared.get());
          assertEquals(List.of("mine"), computed.get());
          own.set(null);
          assertEquals(null, own.get());
        });
  }

  @Test
  void localsNeedAFiber() {
    assertThrows(WrongThreadException.class, () -> FiberLocal.create().get());
    assertInstanceOf(FiberLocal.class, FiberLocal.inheritable());
  }
}
