// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.util.Objects;

/**
 * Where fibers that have a {@link Mutex} wait for others to change what it protects. Between two
 * calls that suspend nothing else runs, so many conditions need no mutex: see {@link EventCount}.
 */
public final class Condition {
  private final Mutex mutex;
  private final WaitList waiters = new WaitList();

  private Condition(Mutex mutex) {
    this.mutex = mutex;
  }

  /**
   * Makes a condition.
   *
   * @param mutex what its waiters have
   * @return a condition of the mutex's reactor
   */
  public static Condition of(Mutex mutex) {
    return new Condition(Objects.requireNonNull(mutex, "mutex"));
  }

  /**
   * Unlocks, waits for a signal, and locks again. Suspends. The caller should then look again
   * whether what it waits for holds.
   *
   * @param guard of the condition's mutex, held by the caller
   * @throws IllegalStateException if the caller does not have the mutex
   */
  public void await(Mutex.Guard guard) {
    await(guard, Deadline.NEVER);
  }

  /**
   * Unlocks, waits for a signal, but not for ever, and locks again, whichever way the wait ended.
   * Suspends.
   *
   * @param guard of the condition's mutex, held by the caller
   * @param deadline until when to wait for the signal; the lock is waited for as long as need be
   * @throws IllegalStateException if the caller does not have the mutex
   * @throws dev.weft.error.DeadlineExceededException if no signal came
   */
  public void await(Mutex.Guard guard, Deadline deadline) {
    if (guard.mutex() != mutex) {
      throw new IllegalArgumentException("await: the guard is of another mutex: " + guard.mutex());
    }
    mutex.requireOwner("await");
    Strand strand = Strand.requireOf(mutex.loop(), "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    guard.close();
    try {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    } finally {
      mutex.lock(Deadline.NEVER, WaitMode.CLOSING);
    }
  }

  /** Lets the fiber that has waited longest go on, once it has the mutex. Does not suspend. */
  public void signal() {
    mutex.loop().requireThread("signal", this);
    waiters.wakeOne();
  }

  /** Lets all fibers that wait go on, one after the other as they get the mutex. */
  public void signalAll() {
    mutex.loop().requireThread("signal", this);
    waiters.wakeAll();
  }

  @Override
  public String toString() {
    return "condition";
  }
}
