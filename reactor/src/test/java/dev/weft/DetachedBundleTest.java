// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Detached bundles: bundles that are not blocks, but part of objects with their own fibers. */
class DetachedBundleTest {
  private final List<String> log = new ArrayList<>();

  /** An object with two fibers in the background. */
  private final class Connection implements AutoCloseable {
    final Bundle fibers = Bundle.detached();

    Connection(String name) {
      fibers.go(() -> work(name + " sender"));
      fibers.go(() -> work(name + " receiver"));
    }

    @Override
    public void close() {
      fibers.close();
    }
  }

  private static void waitForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  private void work(String name) {
    try {
      waitForEver();
    } finally {
      log.add(name + " ended");
    }
  }

  private static void fail(Exception failure) throws Exception {
    throw failure;
  }

  // ---- closing

  @Test
  void detachedBundlesAreClosedInAnyOrder() throws Exception {
    Reactors.run(
        () -> {
          Connection x = new Connection("x");
          Connection y = new Connection("y");
          Fiber.yield();
          x.close();
          y.close();
          y.close(); // does nothing
        });
    assertEquals(
        List.of("x sender ended", "x receiver ended", "y sender ended", "y receiver ended"), log);
  }

  @Test
  void anOpenDetachedBundleDoesNotKeepABlockFromClosing() throws Exception {
    Reactors.run(
        () -> {
          Connection x;
          try (Bundle block = Bundle.open()) {
            x = new Connection("x");
            x.fibers.transferToReactor();
            block.await(); // returns immediately: the block has no child
          }
          Fiber.yield();
          assertEquals(List.of(), log);
          x.close();
          log.clear();
          Connection y = new Connection("y");
          try (Bundle block = Bundle.open()) {
            Fiber.yield();
            y.close();
            block.await();
          }
        });
    assertEquals(List.of("y sender ended", "y receiver ended"), log);
  }

  @Test
  void anyFiberMayCloseADetachedBundle() throws Exception {
    Reactors.run(
        () -> {
          Connection x = new Connection("x");
          Fiber.yield();
          Fiber closer = Fiber.start(x::close);
          closer.join();
          log.add("closed");
        });
    assertEquals(List.of("x sender ended", "x receiver ended", "closed"), log);
  }

  @Test
  void severalFibersMayCloseOneBundleConcurrentlyAndEachWaits() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          object.go(() -> Fiber.shielded(Deadline.NEVER, () -> yieldThrice()));
          Fiber.yield();
          try (Bundle closers = Bundle.open()) {
            for (int i = 0; i < 2; i++) {
              closers.go(
                  () -> {
                    object.close();
                    log.add("closed");
                  });
            }
            closers.await();
          }
        });
    assertEquals(List.of("ended", "closed", "closed"), log);
  }

  private void yieldThrice() {
    for (int i = 0; i < 3; i++) {
      Fiber.yield();
    }
    log.add("ended");
  }

  @Test
  void closingOutlivesACancelOfTheCaller() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          object.go(() -> Fiber.shielded(Deadline.NEVER, () -> yieldThrice()));
          Fiber closer =
              Fiber.start(
                  () -> {
                    object.close();
                    log.add("closed");
                  });
          Fiber.yield();
          closer.cancel();
          closer.join();
        });
    assertEquals(List.of("ended", "closed"), log);
  }

  @Test
  void aChildCantCloseItsDetachedBundle() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          object.go(
              "child",
              () -> {
                log.add("" + assertThrows(IllegalStateException.class, object::close).getMessage());
                try (Bundle inner = Bundle.open()) {
                  inner.go(() -> assertThrows(IllegalStateException.class, object::close));
                  inner.go(() -> assertThrows(IllegalStateException.class, object::await));
                  inner.await();
                }
              });
          object.await();
          object.close();
        });
    assertEquals(
        List.of(
            "child can't close detached bundle (1 child): it is in it, and would wait for itself"),
        log);
  }

  @Test
  void bundlesWhoseFibersCloseEachOtherAreADeadlockAndAreEnded() throws Exception {
    assertThrows(
        dev.weft.error.DeadlockException.class,
        () ->
            Reactors.run(
                () -> {
                  Bundle x = Bundle.detached();
                  Bundle y = Bundle.detached();
                  x.go(() -> closeAnd(y));
                  y.go(() -> closeAnd(x));
                  waitOn(Latch.of(1));
                }));
    assertEquals(List.of("not closed", "not closed"), log);
  }

  private static void waitOn(Latch latch) {
    latch.await();
  }

  private void closeAnd(Bundle other) {
    try {
      other.close();
    } catch (CancelledException e) {
      log.add("not closed");
    }
  }

  @Test
  void aClosedDetachedBundleStartsNothing() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          object.close();
          assertThrows(IllegalStateException.class, () -> object.go(Fiber::yield));
          object.close();
        });
  }

  // ---- failures

  @Test
  void aFailureIsThrownByTheAwaitOfItsOwnBundleOnly() throws Exception {
    Reactors.run(
        () -> {
          IOException cause = new IOException("in the object");
          try (Bundle block = Bundle.open()) {
            Bundle object = Bundle.detached();
            object.go(() -> fail(cause));
            Task<?> sibling = object.go(DetachedBundleTest::waitForEver);
            Fiber.yield();
            Fiber.yield();
            block.await(); // does not throw: the block has not failed
            assertEquals(Task.State.CANCELLED, sibling.state());
            TaskFailedException thrown = assertThrows(TaskFailedException.class, object::await);
            assertSame(cause, thrown.getCause());
            assertThrows(TaskFailedException.class, object::await);
            object.close(); // does not throw again: await has thrown the failure
          }
        });
  }

  @Test
  void aFailureNotYetThrownIsThrownByClose() throws Exception {
    Reactors.run(
        () -> {
          IOException cause = new IOException("in the object");
          Bundle object = Bundle.detached();
          object.go(() -> fail(cause));
          Fiber.yield();
          assertSame(cause, assertThrows(TaskFailedException.class, object::close).getCause());
          object.close();
        });
  }

  @Test
  void aSupervisingDetachedBundleStaysOpenAfterAFailure() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detachedSupervising(e -> log.add("" + e.getMessage()));
          Task<?> good = object.go(DetachedBundleTest::waitForEver);
          object.go(() -> fail(new IOException("handled")));
          Fiber.yield();
          assertEquals(Task.State.RUNNING, good.state());
          object.close();
        });
    assertEquals(List.of("handled"), log);
  }

  @Test
  void aFailureNotYetThrownWhenTheOwnerClosesIsReported() throws Exception {
    IOException cause = new IOException("in the object");
    List<Throwable> reported = new ArrayList<>();
    ReactorOptions options =
        Reactors.options().withUncaughtExceptionHandler((fiber, e) -> reported.add(e.getCause()));
    try (Reactor reactor = Reactors.open(options)) {
      reactor.run(
          () -> {
            try (Bundle _ = Bundle.open()) {
              Bundle.detached().go(() -> fail(cause));
              Fiber.yield();
            }
            assertEquals(List.of(cause), reported);
            Bundle.detached().go(() -> fail(cause)); // the reactor's
          });
    }
    assertEquals(List.of(cause, cause), reported);
  }

  // ---- owners

  @Test
  void aDetachedBundleIsClosedByTheBundleInWhichItWasMade() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle block = Bundle.open()) {
            new Connection("x");
            new Connection("y");
            block.go(() -> work("child"));
            Fiber.yield();
          }
          log.add("closed");
        });
    assertEquals(
        List.of(
            "child ended", // the children first, then the newest detached bundle
            "y sender ended",
            "y receiver ended",
            "x sender ended",
            "x receiver ended",
            "closed"),
        log);
  }

  @Test
  void aDetachedBundleOutlivesItsMakerButNotItsOwner() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle block = Bundle.open()) {
            block.go(() -> new Connection("x")).join();
            Fiber.yield();
            log.add("maker ended");
          }
          log.add("closed");
        });
    assertEquals(List.of("maker ended", "x sender ended", "x receiver ended", "closed"), log);
  }

  @Test
  void theReactorClosesItsDetachedBundlesWhenAllFibersHaveEnded() throws Exception {
    Reactors.run(
        () -> {
          new Connection("x");
          Fiber.start(
              () -> {
                Fiber.yield();
                Fiber.yield();
                log.add("other ended");
              });
          log.add("main ended");
        });
    assertEquals(List.of("main ended", "other ended", "x sender ended", "x receiver ended"), log);
  }

  @Test
  void aReactorThatRunsAgainOwnsNewDetachedBundles() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      for (String name : List.of("x", "y")) {
        reactor.run(() -> new Connection(name));
      }
    }
    assertEquals(4, log.size());
  }

  @Test
  void nestedDetachedBundlesEndFromTheInsideOut() throws Exception {
    Reactors.run(
        () -> {
          Bundle outer = Bundle.detached();
          outer.go(
              () -> {
                Bundle inner = Bundle.detached();
                inner.go(() -> work("inner"));
                work("outer");
              });
          Fiber.yield();
          Fiber.yield();
          outer.close();
        });
    assertEquals(List.of("outer ended", "inner ended"), log);
  }

  @Test
  void aLongChainOfDetachedBundlesEnds() throws Exception {
    int count = FiberKind.configured() == FiberKind.BATON ? 100 : 2_000;
    Reactors.run(
        () -> {
          Bundle outermost = Bundle.detached();
          Bundle last = outermost;
          for (int i = 0; i < count; i++) {
            Bundle next = Bundle.detached();
            next.go(() -> work("one"));
            next.transferTo(last);
            last = next;
          }
          Fiber.yield();
          outermost.close();
        });
    assertEquals(count, log.size());
  }

  // ---- moving to another owner

  @Test
  void aDetachedBundleCanBeMovedToAnotherOwner() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle longer = Bundle.open()) {
            try (Bundle _ = Bundle.open(Deadline.after(Duration.ofMillis(5)))) {
              Connection connection = new Connection("x");
              connection.fibers.transferTo(longer);
              assertThrows(ScopeExpiredException.class, DetachedBundleTest::waitForEver);
            }
            log.add("shorter closed");
          }
          log.add("longer closed");
        });
    assertEquals(
        List.of("shorter closed", "x sender ended", "x receiver ended", "longer closed"), log);
  }

  @Test
  void aDetachedBundleCanBeMovedToTheReactor() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle _ = Bundle.open()) {
            new Connection("x").fibers.transferToReactor();
            Fiber.yield();
          }
          log.add("closed");
        });
    assertEquals(List.of("closed", "x sender ended", "x receiver ended"), log);
  }

  @Test
  void aBundleCantOwnItself() throws Exception {
    Reactors.run(
        () -> {
          Bundle x = Bundle.detached();
          Bundle y = Bundle.detached();
          y.transferTo(x);
          assertThrows(IllegalStateException.class, () -> x.transferTo(x));
          assertThrows(IllegalStateException.class, () -> x.transferTo(y));
          x.go(
              "child",
              () -> {
                try (Bundle block = Bundle.open()) {
                  IllegalStateException thrown =
                      assertThrows(IllegalStateException.class, () -> x.transferTo(block));
                  log.add("" + thrown.getMessage());
                }
              });
          x.await();
          x.close();
        });
    assertEquals(
        List.of(
            "transfer detached bundle (1 child): bundle of child (0 children) is in it, so that it"
                + " would own itself"),
        log);
  }

  @Test
  void blocksAndClosedBundlesCantBeMoved() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          try (Bundle block = Bundle.open()) {
            assertThrows(IllegalStateException.class, () -> block.transferTo(object));
            assertThrows(IllegalStateException.class, block::transferToReactor);
            Bundle closed = Bundle.detached();
            closed.close();
            assertThrows(IllegalStateException.class, () -> closed.transferTo(block));
            assertThrows(IllegalStateException.class, () -> object.transferTo(closed));
          }
          object.close();
        });
  }

  // ---- deadlines and cancellation

  @Test
  void theFibersOfADetachedBundleHaveItsDeadlineOnly() throws Exception {
    Reactors.run(
        () -> {
          Bundle free;
          Bundle limited;
          try (Bundle _ = Bundle.open(Deadline.NOW)) {
            free = Bundle.detached();
            free.transferToReactor();
            limited = Bundle.detached(Deadline.NOW);
            limited.transferToReactor();
          }
          Task<?> first = free.go(Fiber::yield);
          Task<?> second = limited.go(Fiber::yield);
          free.await();
          limited.await();
          assertEquals(Task.State.SUCCEEDED, first.state());
          assertEquals(Task.State.FAILED, second.state());
          free.close();
          assertThrows(ScopeExpiredException.class, limited::close);
        });
  }

  @Test
  void awaitTakesADeadlineOfItsOwn() throws Exception {
    Reactors.run(
        () -> {
          Bundle object = Bundle.detached();
          Task<?> child = object.go(DetachedBundleTest::waitForEver);
          assertThrows(
              DeadlineExceededException.class,
              () -> object.await(Deadline.after(Duration.ofMillis(1))));
          assertEquals(Task.State.RUNNING, child.state());
          object.cancel();
          object.await();
          object.close();
        });
  }

  @Test
  void aCancelledFiberCantMakeADetachedBundle() throws Exception {
    Reactors.run(
        () -> {
          Fiber fiber = Fiber.start(() -> assertThrows(CancelledException.class, Bundle::detached));
          fiber.cancel();
          fiber.join();
        });
  }
}
