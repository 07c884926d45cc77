// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;

/**
 * A number of permits for the fibers of one reactor. Who has waited longest gets the next one.
 * Permits belong to nobody: a fiber may release what another has acquired.
 */
public final class Semaphore {
  private final EventLoop loop = EventLoop.require("make a semaphore");
  private final WaitList waiters = new WaitList();
  private int permits;

  private Semaphore(int permits) {
    this.permits = permits;
  }

  /**
   * Makes a semaphore.
   *
   * @param permits how many there are at first, at least 0
   * @return a semaphore of the current reactor
   */
  public static Semaphore of(int permits) {
    if (permits < 0) {
      throw new IllegalArgumentException("permits must be at least 0: " + permits);
    }
    return new Semaphore(permits);
  }

  /** Takes a permit. Suspends until there is one. */
  public void acquire() {
    acquire(Deadline.NEVER);
  }

  /**
   * Takes a permit, but does not wait for ever. Suspends until there is one.
   *
   * @param deadline until when
   * @throws dev.weft.error.DeadlineExceededException if there was none
   */
  public void acquire(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "acquire", this);
    strand.checkBeforeWait("acquire", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (permits > 0) {
      permits--;
    } else {
      strand.await(waiters, "acquire", this, deadline.nanoTime(), WaitMode.INTERNAL);
    }
  }

  /**
   * Takes a permit if there is one. Does not suspend; may be called outside fibers.
   *
   * @return whether there was
   */
  public boolean tryAcquire() {
    loop.requireThread("acquire", this);
    if (permits == 0) {
      return false;
    }
    permits--;
    return true;
  }

  /**
   * Gives a permit, to the fiber that has waited longest if there is one. Does not suspend; may be
   * called outside fibers.
   *
   * @throws IllegalStateException if there are more permits than an int can count
   */
  public void release() {
    loop.requireThread("release", this);
    if (waiters.wakeOne()) {
      return;
    }
    if (permits == Integer.MAX_VALUE) {
      throw new IllegalStateException("release: too many permits");
    }
    permits++;
  }

  /**
   * How many permits there are to be had.
   *
   * @return at least 0
   */
  public int available() {
    return permits;
  }

  @Override
  public String toString() {
    return "semaphore (" + permits + " left)";
  }
}
