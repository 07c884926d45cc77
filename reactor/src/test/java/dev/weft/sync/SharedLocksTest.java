// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.strand.Strand;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

/** Locks that the fibers of several reactors, and other threads, share. */
class SharedLocksTest {
  private static final int ROUNDS = 200;
  private static final int FIBERS = 4;

  private interface Body {
    void run() throws Exception;
  }

  /** Runs {@code body} in fibers of two reactors and in a plain thread at the same time. */
  private static void everywhere(Body body) throws Exception {
    List<FutureTask<?>> threads = new ArrayList<>();
    for (int reactor = 0; reactor < 2; reactor++) {
      threads.add(
          new FutureTask<>(
              () -> {
                Reactors.run(() -> inFibers(body));
                return null;
              }));
    }
    threads.add(
        new FutureTask<>(
            () -> {
              body.run();
              return null;
            }));
    threads.forEach(thread -> Thread.ofPlatform().start(thread));
    for (FutureTask<?> thread : threads) {
      thread.get();
    }
  }

  private static void inFibers(Body body) {
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < FIBERS; i++) {
        bundle.go(() -> body.run());
      }
      bundle.await();
    }
  }

  /** Lets other fibers run; does nothing in a plain thread. */
  private static void maybeYield() {
    if (Strand.current() != null) {
      Fiber.yield();
    }
  }

  @Test
  void aMutexExcludesAllOthersAcrossSuspendingCalls() throws Exception {
    SharedMutex mutex = SharedMutex.create();
    int[] inside = new int[1];
    int[] total = new int[1];
    everywhere(
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            try (var _ = mutex.lock()) {
              assertEquals(0, inside[0]++);
              maybeYield();
              inside[0]--;
              total[0]++;
              assertTrue(mutex.isLocked());
            }
          }
        });
    assertEquals(ROUNDS * (2 * FIBERS + 1), total[0]);
    assertFalse(mutex.isLocked());
  }

  @Test
  void aReentrantMutexIsLockedAgainByItsHolder() throws Exception {
    SharedMutex mutex = SharedMutex.reentrant();
    Reactors.run(
        () -> {
          try (var _ = mutex.lock()) {
            try (var _ = mutex.tryLock().orElseThrow()) {
              assertTrue(mutex.isLocked());
            }
            assertTrue(mutex.isLocked());
            Fiber other = Fiber.start(() -> assertTrue(mutex.tryLock().isEmpty()));
            other.join();
          }
          assertFalse(mutex.isLocked());
        });
  }

  @Test
  void aMutexRefusesWhoDoesNotHoldIt() throws Exception {
    SharedMutex mutex = SharedMutex.create();
    Reactors.run(
        () -> {
          SharedMutex.Guard guard = mutex.lock();
          assertThrows(IllegalStateException.class, mutex::lock);
          assertThrows(IllegalStateException.class, mutex::tryLock);
          Fiber other =
              Fiber.start(
                  () -> {
                    assertThrows(IllegalStateException.class, guard::close);
                    assertThrows(DeadlineExceededException.class, () -> mutex.lock(Deadline.NOW));
                  });
          other.join();
          guard.close();
          assertThrows(IllegalStateException.class, guard::close);
        });
  }

  @Test
  void aSemaphoreLimitsHowManyAreInside() throws Exception {
    SharedSemaphore semaphore = SharedSemaphore.of(3);
    AtomicInteger inside = new AtomicInteger();
    everywhere(
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            semaphore.acquire();
            assertTrue(inside.incrementAndGet() <= 3);
            maybeYield();
            inside.decrementAndGet();
            semaphore.release();
          }
        });
    assertEquals(3, semaphore.available());
    for (int i = 0; i < 3; i++) {
      assertTrue(semaphore.tryAcquire());
    }
    assertFalse(semaphore.tryAcquire());
    assertThrows(DeadlineExceededException.class, () -> semaphore.acquire(Deadline.NOW));
  }

  @Test
  void aLatchOpensForAll() throws Exception {
    int parties = 2 * FIBERS + 1;
    SharedLatch latch = SharedLatch.of(parties);
    everywhere(
        () -> {
          latch.countDown();
          latch.await();
          assertEquals(0, latch.count());
        });
    latch.await(Deadline.NOW);
    assertThrows(IllegalStateException.class, latch::countDown);
  }

  @Test
  void anEventCountLosesNoSignal() throws Exception {
    SharedEventCount count = SharedEventCount.create();
    AtomicInteger turn = new AtomicInteger();
    everywhere(
        () -> {
          int mine = turn.incrementAndGet(); // each waits until as many have come as there are
          count.signal();
          assertTrue(mine <= 2 * FIBERS + 1);
          for (long ticket = count.ticket(); turn.get() < 2 * FIBERS + 1; ) {
            ticket = count.await(ticket);
          }
        });
    long ticket = count.ticket();
    assertThrows(DeadlineExceededException.class, () -> count.await(ticket, Deadline.NOW));
    count.signal();
    assertEquals(ticket + 1, count.await(ticket));
  }

  @Test
  void aSlotIsUsedByOneAtATime() throws Exception {
    SharedSlotPool pool = SharedSlotPool.of(3);
    AtomicIntegerArray users = new AtomicIntegerArray(3);
    everywhere(
        () -> {
          for (int i = 0; i < ROUNDS; i++) {
            int slot = pool.get();
            assertEquals(1, users.incrementAndGet(slot));
            maybeYield();
            users.decrementAndGet(slot);
            pool.put(slot);
          }
        });
    assertEquals(3, pool.available());
    assertEquals(0, pool.tryGet());
    assertEquals(1, pool.get(Deadline.NOW));
    assertEquals(2, pool.tryGet());
    assertEquals(SlotPool.NONE, pool.tryGet());
    assertThrows(DeadlineExceededException.class, () -> pool.get(Deadline.NOW));
    pool.put(1);
    assertThrows(IllegalStateException.class, () -> pool.put(1));
  }

  @Test
  void aCancelledWaiterPassesOnWhatItWasWokenFor() throws Exception {
    SharedSemaphore semaphore = SharedSemaphore.of(0);
    Reactors.run(
        () -> {
          Fiber cancelled =
              Fiber.start(() -> assertThrows(CancelledException.class, semaphore::acquire));
          Fiber waiting = Fiber.start(() -> semaphore.acquire());
          Fiber.yield();
          semaphore.release(); // wakes the first waiter
          cancelled.cancel();
          waiting.join();
          cancelled.join();
          assertEquals(0, semaphore.available());
        });
  }

  @Test
  void badArgumentsAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> SharedSemaphore.of(-1));
    assertThrows(IllegalArgumentException.class, () -> SharedLatch.of(-1));
    assertThrows(IllegalArgumentException.class, () -> SharedSlotPool.of(0));
    SharedSemaphore full = SharedSemaphore.of(Integer.MAX_VALUE);
    assertThrows(IllegalStateException.class, full::release);
    assertEquals(Integer.MAX_VALUE, full.available());
  }
}
