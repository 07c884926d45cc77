// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.cross.CrossThreadCondition;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.Strand;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Mutual exclusion lock between the fibers of any reactors and other threads, held across
 * suspending calls. Fibers suspend where threads block. Waiters are woken in FIFO order, but a
 * caller that did not wait may lock before them. A holder must unlock before it ends. Within one
 * reactor {@link Mutex} costs less, and is released when its holder ends.
 */
public final class SharedMutex {
  /** The strand or thread that holds the lock. */
  private final AtomicReference<@Nullable Object> owner = new AtomicReference<>();

  private final boolean isReentrant;
  private final Guard guard = new Guard();

  private final CrossThreadCondition condition =
      new CrossThreadCondition() {
        @Override
        protected boolean attempt(long wanted) {
          return owner.compareAndSet(null, caller());
        }
      };

  /** How often the owner holds it; only for the owner. */
  private int holds;

  private SharedMutex(boolean isReentrant) {
    this.isReentrant = isReentrant;
  }

  /** The held lock. Closing it unlocks. */
  public final class Guard implements AutoCloseable {
    private Guard() {}

    /**
     * Unlocks, as often as it was locked. Does not wait.
     *
     * @throws IllegalStateException if the caller does not hold the lock
     */
    @Override
    public void close() {
      unlock();
    }
  }

  /** {@return a new unlocked mutex, which its holder must not lock again} */
  public static SharedMutex create() {
    return new SharedMutex(false);
  }

  /** {@return a new unlocked mutex, which its holder may lock again, and must unlock as often} */
  public static SharedMutex reentrant() {
    return new SharedMutex(true);
  }

  private static Object caller() {
    Strand strand = Strand.current();
    return strand == null ? Thread.currentThread() : strand;
  }

  /**
   * Locks. Suspends or blocks while another fiber or thread holds the lock.
   *
   * @return a guard that the caller must close to unlock
   * @throws IllegalStateException if the caller holds the lock already, and it is not reentrant
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public Guard lock() {
    return lock(Deadline.NEVER);
  }

  /**
   * Locks, and waits at most until {@code deadline}. Suspends or blocks while another fiber or
   * thread holds the lock.
   *
   * @param deadline when to stop waiting
   * @return a guard that the caller must close to unlock
   * @throws IllegalStateException if the caller holds the lock already, and it is not reentrant
   * @throws dev.weft.error.DeadlineExceededException if the lock was not free in time
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public Guard lock(Deadline deadline) {
    if (!isHeldAgain()) {
      condition.await("lock", this, 0, deadline.nanoTime());
      holds = 1;
    }
    return guard;
  }

  /**
   * Locks if the lock is free. Does not wait.
   *
   * @return a guard that the caller must close to unlock; empty if another holds the lock
   * @throws IllegalStateException if the caller holds the lock already, and it is not reentrant
   */
  public Optional<Guard> tryLock() {
    if (!isHeldAgain()) {
      if (!owner.compareAndSet(null, caller())) {
        return Optional.empty();
      }
      holds = 1;
    }
    return Optional.of(guard);
  }

  /** Counts another hold of the owner; false if the caller is not the owner. */
  private boolean isHeldAgain() {
    if (owner.get() != caller()) {
      return false;
    }
    if (!isReentrant) {
      throw new IllegalStateException(
          "lock: the caller holds the mutex already and would wait for itself");
    }
    holds = Math.incrementExact(holds);
    return true;
  }

  private void unlock() {
    if (owner.get() != caller()) {
      throw new IllegalStateException("unlock: the caller does not hold the " + this);
    }
    StackReserve.check();
    holds--;
    if (holds == 0) {
      owner.set(null);
      condition.wakeOne();
    }
  }

  /** {@return whether it was locked when this was called} */
  public boolean isLocked() {
    return owner.get() != null;
  }

  @Override
  public String toString() {
    Object holder = owner.get();
    return holder == null ? "shared mutex (not held)" : "shared mutex (held by " + holder + ")";
  }
}
