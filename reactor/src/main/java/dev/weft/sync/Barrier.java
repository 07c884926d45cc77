// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;

/**
 * Where a number of fibers wait for each other, again and again. One that gives up, by a deadline
 * or a cancel, has not come; the others wait on.
 */
public final class Barrier {
  private final EventLoop loop = EventLoop.require("make a barrier");
  private final int parties;
  private WaitList waiters = new WaitList();
  private int arrived;

  private Barrier(int parties) {
    this.parties = parties;
  }

  /**
   * Makes a barrier.
   *
   * @param parties how many fibers it takes to open it, at least 1
   * @return a barrier of the current reactor
   */
  public static Barrier of(int parties) {
    if (parties < 1) {
      throw new IllegalArgumentException("parties must be at least 1: " + parties);
    }
    return new Barrier(parties);
  }

  /**
   * Waits until as many fibers have come as it takes. Suspends, except the last one.
   *
   * @return how many had come before, from 0
   */
  public int await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until as many fibers have come as it takes, but not for ever. Suspends, except the last
   * one.
   *
   * @param deadline until when
   * @return how many had come before, from 0
   * @throws dev.weft.error.DeadlineExceededException if too few have come
   */
  public int await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    int before = arrived++;
    if (arrived == parties) {
      arrived = 0;
      WaitList all = waiters;
      waiters = new WaitList(); // who comes from now on waits for the next time
      all.wakeAll();
      return before;
    }
    boolean opened = false;
    try {
      strand.await(waiters, "await", this, deadline.nanoTime(), WaitMode.INTERNAL);
      opened = true;
    } finally {
      if (!opened) {
        arrived--;
      }
    }
    return before;
  }

  /**
   * How many wait now.
   *
   * @return from 0 to one less than it takes
   */
  public int waiting() {
    return arrived;
  }

  @Override
  public String toString() {
    return "barrier (" + arrived + " of " + parties + ")";
  }
}
