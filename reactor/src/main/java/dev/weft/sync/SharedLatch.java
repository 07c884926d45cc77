// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.cross.CrossThreadCondition;
import dev.weft.internal.jvm.StackReserve;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Opens when it has been counted down to zero, for the fibers of any reactors and for other
 * threads. Fibers suspend where threads block. <b>All methods may be called from any thread.</b>
 * Within one reactor {@link Latch} costs less.
 */
public final class SharedLatch {
  private final AtomicInteger count;

  private final CrossThreadCondition condition =
      new CrossThreadCondition() {
        @Override
        protected boolean attempt(long wanted) {
          return count.get() == 0;
        }
      };

  private SharedLatch(int count) {
    this.count = new AtomicInteger(count);
  }

  /**
   * Creates a latch.
   *
   * @param count how many times it must be counted down, at least 0
   * @return a latch that any thread may use
   */
  public static SharedLatch of(int count) {
    if (count < 0) {
      throw new IllegalArgumentException("count must be at least 0: " + count);
    }
    return new SharedLatch(count);
  }

  /**
   * Counts down by one; at zero the latch opens. Does not wait.
   *
   * @throws IllegalStateException if it is open already
   */
  public void countDown() {
    StackReserve.check();
    int before = count.getAndUpdate(old -> Math.max(old - 1, 0));
    if (before == 0) {
      throw new IllegalStateException("count down: the latch is open already");
    }
    if (before == 1) {
      condition.wakeAll();
    }
  }

  /**
   * Waits until it is open. Suspends or blocks unless it is.
   *
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public void await() {
    await(Deadline.NEVER);
  }

  /**
   * Waits until it is open, at most until {@code deadline}. Suspends or blocks unless it is.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.DeadlineExceededException if it has not opened in time
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public void await(Deadline deadline) {
    condition.await("await", this, 0, deadline.nanoTime());
  }

  /** {@return how many times it must still be counted down; 0 if it is open} */
  public int count() {
    return count.get();
  }

  @Override
  public String toString() {
    int left = count.get();
    return left == 0 ? "shared latch (open)" : "shared latch (" + left + " to go)";
  }
}
