// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.cross.CrossThreadCondition;
import dev.weft.internal.jvm.StackReserve;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counted permits for the fibers of any reactors and for other threads. Fibers suspend where
 * threads block. <b>All methods may be called from any thread.</b> Waiters are woken in FIFO order,
 * but a caller that did not wait may take a permit before them. Within one reactor {@link
 * Semaphore} costs less.
 */
public final class SharedSemaphore {
  private final AtomicInteger permits;

  private final CrossThreadCondition condition =
      new CrossThreadCondition() {
        @Override
        protected boolean attempt(long wanted) {
          return tryAcquire();
        }
      };

  private SharedSemaphore(int permits) {
    this.permits = new AtomicInteger(permits);
  }

  /**
   * Creates a semaphore.
   *
   * @param permits the initial number of permits, at least 0
   * @return a semaphore that any thread may use
   */
  public static SharedSemaphore of(int permits) {
    if (permits < 0) {
      throw new IllegalArgumentException("permits must be at least 0: " + permits);
    }
    return new SharedSemaphore(permits);
  }

  /**
   * Takes a permit. Suspends or blocks until there is one.
   *
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public void acquire() {
    acquire(Deadline.NEVER);
  }

  /**
   * Takes a permit, and waits at most until {@code deadline}. Suspends or blocks until there is
   * one.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if there was none in time
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public void acquire(Deadline deadline) {
    condition.await("acquire", this, 0, deadline.nanoTime());
  }

  /**
   * Takes a permit if there is one. Does not wait.
   *
   * @return whether there was
   */
  public boolean tryAcquire() {
    while (true) {
      int left = permits.get();
      if (left == 0) {
        return false;
      }
      if (permits.compareAndSet(left, left - 1)) {
        return true;
      }
    }
  }

  /**
   * Releases a permit. Does not wait.
   *
   * @throws IllegalStateException if the number of permits would exceed {@link Integer#MAX_VALUE}
   */
  public void release() {
    StackReserve.check();
    int before = permits.getAndUpdate(old -> old == Integer.MAX_VALUE ? old : old + 1);
    if (before == Integer.MAX_VALUE) {
      throw new IllegalStateException("release: too many permits");
    }
    condition.wakeOne();
  }

  /** {@return the number of permits that were available when it was called} */
  public int available() {
    return permits.get();
  }

  @Override
  public String toString() {
    return "shared semaphore (" + permits + " left)";
  }
}
