// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.DeadlockException;
import dev.weft.io.Pipe;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Operations outside of fibers, one after the other, and a reactor that is run turn by turn. */
class RootModeTest {
  private static final Duration SHORT = Duration.ofMillis(1);
  private static final int TURNS_MAX = 100;

  private static Reactor open() throws Exception {
    return Reactors.open(Reactors.options());
  }

  /** Runs what is left; returns whether something still is after many turns. */
  private static boolean runAll(Reactor reactor) {
    boolean left = true;
    for (int turns = 0; left && turns < TURNS_MAX; turns++) {
      left = reactor.runOnce();
    }
    return left;
  }

  @Test
  void eachOperationIsAwaitedAndItsResultReturned() throws Exception {
    try (Reactor reactor = open();
        Arena arena = Arena.ofShared()) {
      Pipe pipe = reactor.await(Pipe::open);
      MemorySegment bytes = arena.allocateFrom("hello");
      MemorySegment target = arena.allocate(bytes.byteSize());

      int written = reactor.await(() -> pipe.sink().writeSome(bytes));
      int read = reactor.await(() -> pipe.source().read(target));

      assertEquals(written, read);
      assertEquals("hello", target.getString(0));
      reactor.run(pipe::close);
    }
  }

  @Test
  void otherFibersRunMeanwhileAndStay() throws Exception {
    List<String> log = new ArrayList<>();
    try (Reactor reactor = open()) {
      Latch latch = Latch.of(1);
      reactor.await(
          () -> {
            Fiber.start(
                () -> {
                  log.add("begun");
                  latch.await();
                  log.add("continued");
                });
            Fiber.yield();
            return log.add("returned");
          });
      assertEquals(List.of("begun", "returned"), log);
      assertTrue(reactor.isRunnable());

      latch.countDown();
      assertFalse(runAll(reactor));
    }
    assertEquals(List.of("begun", "returned", "continued"), log);
  }

  @Test
  void aFailureIsThrownUnwrappedAndCancelsNothing() throws Exception {
    IOException boom = new IOException("boom");
    List<String> log = new ArrayList<>();
    try (Reactor reactor = open()) {
      Latch latch = Latch.of(1);
      IOException thrown =
          assertThrows(
              IOException.class,
              () ->
                  reactor.await(
                      () -> {
                        Fiber.start(
                            () -> {
                              latch.await();
                              log.add("not cancelled");
                            });
                        throw boom;
                      }));

      assertSame(boom, thrown);
      latch.countDown();
      assertFalse(runAll(reactor));
    }
    assertEquals(List.of("not cancelled"), log);
  }

  @Test
  void aFiberCanNotRunItsOwnReactor() throws Exception {
    try (Reactor reactor = open()) {
      reactor.run(
          () -> {
            var e = assertThrows(IllegalStateException.class, () -> reactor.await(() -> 1));
            assertEquals("await must not be called while the reactor runs", e.getMessage());
            e = assertThrows(IllegalStateException.class, reactor::runOnce);
            assertEquals("runOnce must not be called while the reactor runs", e.getMessage());
          });
    }
  }

  @Test
  void aClosedReactorRunsNothing() throws Exception {
    Reactor reactor = open();
    reactor.close();

    var e = assertThrows(IllegalStateException.class, () -> reactor.await(() -> 1));
    assertEquals("await: the reactor is closed", e.getMessage());
    e = assertThrows(IllegalStateException.class, reactor::runOnce);
    assertEquals("runOnce: the reactor is closed", e.getMessage());
  }

  @Test
  void aTurnWithoutADeadlineDoesNotWait() throws Exception {
    try (Reactor reactor = open()) {
      assertFalse(reactor.runOnce());
      reactor.execute(() -> Fiber.start(() -> Fiber.sleepUntil(Deadline.NEVER)));
      assertTrue(reactor.isRunnable());

      for (int i = 0; i < TURNS_MAX; i++) {
        assertTrue(reactor.runOnce());
      }
    }
  }

  @Test
  void aTurnWaitsUntilSomethingHasHappened() throws Exception {
    List<String> log = new ArrayList<>();
    try (Reactor reactor = open()) {
      reactor.execute(
          () ->
              Fiber.start(
                  () -> {
                    Fiber.sleep(SHORT);
                    log.add("slept");
                  }));
      while (reactor.runOnce(Deadline.NEVER)) {
        assertEquals(List.of(), log);
      }
    }
    assertEquals(List.of("slept"), log);
  }

  @Test
  void aTurnEndsAtItsDeadline() throws Exception {
    try (Reactor reactor = open()) {
      reactor.execute(() -> Fiber.start(() -> Fiber.sleepUntil(Deadline.NEVER)));
      Deadline soon = Deadline.after(SHORT);

      while (!soon.hasPassed()) {
        assertTrue(reactor.runOnce(soon));
      }
    }
  }

  @Test
  void fibersThatWaitForTheProgramAreNoDeadlock() throws Exception {
    try (Reactor reactor = open()) {
      Latch latch = Latch.of(1);
      reactor.execute(() -> Fiber.start(latch::await));
      assertTrue(runAll(reactor));

      latch.countDown();
      assertFalse(runAll(reactor));
    }
  }

  @Test
  void anAwaitedCallThatNothingCanEndIsADeadlock() throws Exception {
    try (Reactor reactor = open()) {
      Latch latch = Latch.of(1);
      assertThrows(
          DeadlockException.class,
          () ->
              reactor.await(
                  () -> {
                    latch.await();
                    return 1;
                  }));
      int next = reactor.await(() -> 2);
      assertEquals(2, next);
    }
  }

  @Test
  void detachedBundlesStayOpenBetweenCalls() throws Exception {
    try (Reactor reactor = open()) {
      List<Integer> log = new ArrayList<>();
      Bundle bundle = reactor.await(Bundle::detached);
      reactor.await(() -> bundle.go(() -> count(log)));
      while (log.size() < 3) {
        assertTrue(reactor.runOnce(Deadline.NEVER));
      }
      reactor.run(() -> {}); // closes the bundle

      assertFalse(reactor.isRunnable());
    }
  }

  private static void count(List<Integer> log) {
    while (true) {
      log.add(log.size());
      Fiber.sleep(SHORT);
    }
  }
}
