// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.Objects;

/**
 * Condition variable of a {@link Mutex}. Since fibers interleave only in suspending calls, many
 * conditions need no mutex: see {@link EventCount}.
 */
public final class Condition {
  private final Mutex mutex;
  private final WaitList waiters = new WaitList();

  private Condition(Mutex mutex) {
    this.mutex = mutex;
  }

  /**
   * Creates a condition.
   *
   * @param mutex the mutex that its waiters hold
   * @return a condition of the mutex's reactor
   */
  public static Condition of(Mutex mutex) {
    return new Condition(Objects.requireNonNull(mutex, "mutex"));
  }

  /**
   * Unlocks, waits for a signal, and locks again. Suspends. The caller should then check its
   * condition again.
   *
   * @param guard of the condition's mutex, held by the caller
   * @throws IllegalStateException if the caller does not hold the mutex
   */
  public void await(Mutex.Guard guard) {
    await(guard, Deadline.NEVER);
  }

  /**
   * Unlocks, waits for a signal, at most until {@code deadline}, and locks again, however the wait
   * ended. Suspends.
   *
   * @param guard of the condition's mutex, held by the caller
   * @param deadline when to stop waiting for the signal; it does not limit the wait for the lock
   * @throws IllegalStateException if the caller does not hold the mutex
   * @throws dev.weft.error.DeadlineExceededException if there was no signal in time
   */
  public void await(Mutex.Guard guard, Deadline deadline) {
    if (guard.mutex() != mutex) {
      throw new IllegalArgumentException("await: the guard is of another mutex: " + guard.mutex());
    }
    mutex.requireOwner("await");
    Strand strand = Strand.requireOf(mutex.loop(), "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    strand.waiting.requireTime("await", this, deadline.nanoTime());
    guard.close();
    try {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    } finally {
      mutex.lock(Deadline.NEVER, WaitMode.CLOSING);
    }
  }

  /**
   * Wakes the fiber that has waited longest; it continues once it holds the mutex. Does not
   * suspend.
   */
  public void signal() {
    mutex.loop().requireThread("signal", this);
    waiters.wakeOne();
  }

  /** Wakes all waiting fibers; each continues once it holds the mutex. Does not suspend. */
  public void signalAll() {
    mutex.loop().requireThread("signal", this);
    StackReserve.check();
    waiters.wakeAll();
  }

  @Override
  public String toString() {
    return "condition";
  }
}
