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
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.DeadlockException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Mutex, Condition, Semaphore, Latch, Barrier, EventCount and SlotPool. */
class LocksTest {
  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(2));
  }

  // ---- mutex

  @Test
  void aMutexIsHeldByOneFiberAtATimeAndPassedOnInOrder() throws Exception {
    List<Integer> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          for (int i = 0; i < 3; i++) {
            int number = i;
            Fiber.start(
                () -> {
                  for (int round = 0; round < 2; round++) {
                    try (Mutex.Guard _ = mutex.lock()) {
                      log.add(number);
                      Fiber.yield();
                      log.add(number);
                    }
                  }
                });
          }
        });
    assertEquals(List.of(0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2), log);
  }

  @Test
  void aMisusedMutexNamesItsOwner() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          Mutex.Guard guard = mutex.lock();
          IllegalStateException twice = assertThrows(IllegalStateException.class, mutex::lock);
          assertEquals(
              "lock: main holds the mutex already and would wait for itself", twice.getMessage());
          try (Bundle bundle = Bundle.open()) {
            Task<?> other =
                bundle.go(
                    "other",
                    () -> {
                      assertEquals(Optional.empty(), mutex.tryLock());
                      IllegalStateException thrown =
                          assertThrows(IllegalStateException.class, guard::close);
                      assertEquals(
                          "unlock: other does not hold the mutex (held by main)",
                          thrown.getMessage());
                    });
            other.join();
          }
          guard.close();
          IllegalStateException again = assertThrows(IllegalStateException.class, guard::close);
          assertEquals("unlock: main does not hold the mutex (not held)", again.getMessage());
        });
  }

  @Test
  void aFiberThatEndsWhileItOwnsAMutexFailsAndTheNextOwnsIt() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          List<String> failures = new ArrayList<>();
          try (Bundle bundle = Bundle.supervising(e -> failures.add(e.getMessage()))) {
            bundle.go("careless", () -> mutex.lock());
            Task<Boolean> next =
                bundle.go(
                    () -> {
                      try (Mutex.Guard _ = mutex.lock()) {
                        return mutex.isLocked();
                      }
                    });
            assertTrue(next.join());
          }
          assertEquals(List.of("careless has ended and still held a mutex"), failures);
          assertFalse(mutex.isLocked());
        });
  }

  @Test
  void aWaiterPastItsDeadlineIsSkipped() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          try (Bundle bundle = Bundle.open()) {
            Mutex.Guard guard = mutex.lock();
            Task<?> impatient =
                bundle.go(
                    () -> assertThrows(DeadlineExceededException.class, () -> mutex.lock(soon())));
            Task<?> cancelled =
                bundle.go(() -> assertThrows(CancelledException.class, mutex::lock));
            Task<?> patient = bundle.go(() -> mutex.lock().close());
            impatient.join();
            cancelled.cancel();
            guard.close();
            patient.join();
            cancelled.join();
            assertFalse(mutex.isLocked());
          }
        });
  }

  @Test
  void aMutexPassedToAWaiterIsOwnedDespiteALaterCancel() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          try (Bundle bundle = Bundle.open()) {
            Mutex.Guard guard = mutex.lock();
            Task<Boolean> waiter =
                bundle.go(
                    () -> {
                      try (Mutex.Guard _ = mutex.lock()) {
                        return true;
                      }
                    });
            Fiber.yield();
            guard.close();
            waiter.cancel();
            assertTrue(waiter.join());
          }
        });
  }

  // ---- condition

  @Test
  void aConditionIsAwaitedWithoutTheMutex() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          Condition changed = Condition.of(mutex);
          try (Bundle bundle = Bundle.open()) {
            for (String name : List.of("a", "b", "c")) {
              bundle.go(
                  () -> {
                    try (Mutex.Guard guard = mutex.lock()) {
                      changed.await(guard);
                      log.add(name);
                    }
                  });
            }
            Fiber.yield();
            try (Mutex.Guard _ = mutex.lock()) {
              changed.signal();
              log.add("signalled");
            }
            Fiber.yield();
            changed.signalAll();
            bundle.await();
          }
        });
    assertEquals(List.of("signalled", "a", "b", "c"), log);
  }

  @Test
  void theMutexIsOwnedAgainHoweverTheWaitEnds() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          Condition never = Condition.of(mutex);
          try (Mutex.Guard guard = mutex.lock()) {
            assertThrows(DeadlineExceededException.class, () -> never.await(guard, soon()));
            assertTrue(mutex.isLocked());
          }
          try (Bundle bundle = Bundle.open()) {
            Task<?> waiter =
                bundle.go(
                    () -> {
                      try (Mutex.Guard guard = mutex.lock()) {
                        assertThrows(CancelledException.class, () -> never.await(guard));
                      }
                    });
            Fiber.yield();
            Mutex.Guard mine = mutex.lock();
            waiter.cancel();
            Fiber.yield();
            assertEquals(Task.State.RUNNING, waiter.state()); // it waits for the mutex
            mine.close();
            waiter.join();
          }
          Mutex other = Mutex.create();
          try (Mutex.Guard guard = other.lock()) {
            assertThrows(IllegalArgumentException.class, () -> never.await(guard));
          }
        });
  }

  @Test
  void aMisusedConditionNamesTheOwnerOfTheMutex() throws Exception {
    Reactors.run(
        () -> {
          Mutex mutex = Mutex.create();
          Condition condition = Condition.of(mutex);
          Mutex.Guard guard = mutex.lock();
          Fiber other =
              Fiber.start(
                  "other",
                  () -> {
                    IllegalStateException thrown =
                        assertThrows(IllegalStateException.class, () -> condition.await(guard));
                    assertEquals(
                        "await: other does not hold the mutex (held by main)", thrown.getMessage());
                  });
          other.join();
          guard.close();
          IllegalStateException thrown =
              assertThrows(IllegalStateException.class, () -> condition.await(guard));
          assertEquals("await: main does not hold the mutex (not held)", thrown.getMessage());
        });
  }

  @Test
  void aDeadlockOfTwoMutexesNamesTheirOwners() {
    DeadlockException thrown =
        assertThrows(
            DeadlockException.class,
            () ->
                Reactors.run(
                    () -> {
                      Mutex one = Mutex.create();
                      Mutex other = Mutex.create();
                      Fiber.start("a", () -> lockBoth(one, other));
                      Fiber.start("b", () -> lockBoth(other, one));
                    }));
    String text = thrown.getMessage();
    assertTrue(text.contains("a: lock mutex (held by b)"), text);
    assertTrue(text.contains("b: lock mutex (held by a)"), text);
  }

  private static void lockBoth(Mutex first, Mutex second) {
    try (Mutex.Guard _ = first.lock()) {
      Fiber.yield();
      second.lock().close();
    }
  }

  // ---- semaphore

  @Test
  void permitsGoToTheLongestWaiting() throws Exception {
    List<Integer> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Semaphore semaphore = Semaphore.of(2);
          for (int i = 0; i < 5; i++) {
            int number = i;
            Fiber.start(
                () -> {
                  semaphore.acquire();
                  log.add(number);
                });
          }
          Fiber.yield();
          assertEquals(List.of(0, 1), log);
          assertFalse(semaphore.tryAcquire());
          semaphore.release();
          assertFalse(semaphore.tryAcquire()); // the permit belongs to the waiting fiber already
          semaphore.release();
          semaphore.release();
          Fiber.yield();
          semaphore.release();
          assertEquals(1, semaphore.available());
          assertTrue(semaphore.tryAcquire());
          assertThrows(DeadlineExceededException.class, () -> semaphore.acquire(soon()));
          assertThrows(IllegalArgumentException.class, () -> Semaphore.of(-1));
        });
    assertEquals(List.of(0, 1, 2, 3, 4), log);
  }

  // ---- latch and barrier

  @Test
  void aLatchOpensOnceForAllWaiters() throws Exception {
    Reactors.run(
        () -> {
          Latch latch = Latch.of(2);
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 3; i++) {
              bundle.go(() -> latch.await());
            }
            Fiber.yield();
            latch.countDown();
            assertThrows(DeadlineExceededException.class, () -> bundle.await(soon()));
            latch.countDown();
            bundle.await();
          }
          latch.await();
          assertTrue(latch.isReady());
          assertThrows(IllegalStateException.class, latch::countDown);
          assertThrows(IllegalArgumentException.class, () -> Latch.of(-1));
        });
  }

  @Test
  void aBarrierReleasesAllTogetherAndCanBeReused() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          Barrier barrier = Barrier.of(3);
          for (int i = 0; i < 3; i++) {
            Fiber.start(
                () -> {
                  for (int round = 0; round < 2; round++) {
                    log.add("before " + round);
                    barrier.await();
                    log.add("after " + round);
                  }
                });
          }
        });
    assertEquals(12, log.size());
    assertEquals(List.of("before 0", "before 0", "before 0"), log.subList(0, 3));
    assertEquals(
        3, log.subList(0, log.lastIndexOf("before 1")).stream().filter("after 0"::equals).count());
  }

  @Test
  void aWaiterThatLeavesABarrierIsNotCounted() throws Exception {
    Reactors.run(
        () -> {
          Barrier barrier = Barrier.of(2);
          assertThrows(DeadlineExceededException.class, () -> barrier.await(soon()));
          assertEquals(0, barrier.waiting());
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> first = bundle.go(() -> barrier.await());
            Fiber.yield();
            assertEquals(1, barrier.await());
            assertEquals(0, first.join());
          }
          assertEquals(0, Barrier.of(1).await());
        });
  }

  // ---- event count

  @Test
  void aSignalAfterTheTicketIsNotMissed() throws Exception {
    Reactors.run(
        () -> {
          EventCount count = EventCount.create();
          long ticket = count.ticket();
          assertFalse(count.signal());
          assertEquals(ticket + 1, count.await(ticket)); // returns without suspending
          assertThrows(DeadlineExceededException.class, () -> count.await(count.ticket(), soon()));
          assertThrows(IllegalArgumentException.class, () -> count.await(ticket + 100));
        });
  }

  @Test
  void aConditionIsEvaluatedAfterEachSignal() throws Exception {
    Reactors.run(
        () -> {
          EventCount count = EventCount.create();
          int[] value = {0};
          try (Bundle bundle = Bundle.open()) {
            Task<?> one = bundle.go(() -> count.awaitUntil(() -> value[0] >= 2));
            Task<?> other = bundle.go(() -> count.awaitUntil(() -> value[0] >= 1));
            Fiber.yield();
            value[0] = 1;
            assertEquals(2, count.signalAll());
            other.join();
            assertEquals(Task.State.RUNNING, one.state());
            value[0] = 2;
            assertTrue(count.signal());
            one.join();
          }
          assertThrows(
              DeadlineExceededException.class, () -> count.awaitUntil(() -> false, soon()));
        });
  }

  // ---- slot pool

  @Test
  void eachSlotIsGivenOutOnceAndTheLowestFirst() throws Exception {
    Reactors.run(
        () -> {
          SlotPool pool = SlotPool.of(2);
          assertEquals(0, pool.get());
          assertEquals(1, pool.get());
          assertEquals(SlotPool.NONE, pool.tryGet());
          assertThrows(DeadlineExceededException.class, () -> pool.get(soon()));
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> first = bundle.go(() -> pool.get());
            Task<Integer> second = bundle.go(() -> pool.get());
            Fiber.yield();
            pool.put(1);
            assertEquals(
                SlotPool.NONE, pool.tryGet()); // the permit belongs to the waiting fiber already
            pool.put(0);
            assertEquals(1, first.join());
            assertEquals(0, second.join());
          }
          pool.put(0);
          assertEquals(1, pool.free());
          assertThrows(IllegalStateException.class, () -> pool.put(0));
          assertThrows(IllegalStateException.class, () -> pool.put(2));
          assertThrows(IllegalStateException.class, () -> pool.put(-1));
          assertThrows(IllegalArgumentException.class, () -> SlotPool.of(0));
        });
  }
}
