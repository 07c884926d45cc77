// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;

/**
 * Cyclic barrier: a fixed number of fibers wait for each other. A fiber whose wait ends by a
 * deadline or a cancel no longer counts as arrived; the others keep waiting.
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
   * Creates a barrier.
   *
   * @param parties how many fibers must arrive to open it, at least 1
   * @return a barrier of the current reactor
   */
  public static Barrier of(int parties) {
    if (parties < 1) {
      throw new IllegalArgumentException("parties must be at least 1: " + parties);
    }
    return new Barrier(parties);
  }

  /**
   * Waits until all parties have arrived. Suspends, except for the last one.
   *
   * @return how many had arrived before the caller, from 0
   */
  public int await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits until all parties have arrived, at most until {@code deadline}. Suspends, except for the
   * last one.
   *
   * @param deadline when to stop waiting
   * @return how many had arrived before the caller, from 0
   * @throws dev.weft.error.DeadlineExceededException if too few have arrived
   */
  public int await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    strand.checkBeforeWait("await", this, deadline.nanoTime(), WaitMode.INTERNAL);
    int before = arrived;
    if (before + 1 == parties) {
      StackReserve.check();
      arrived = 0;
      WaitList all = waiters;
      waiters = new WaitList(); // later callers wait for the next round
      all.wakeAll();
      return before;
    }
    arrived++;
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

  /** {@return how many fibers are waiting now, at most one less than the parties} */
  public int waiting() {
    return arrived;
  }

  @Override
  public String toString() {
    return "barrier (" + arrived + " of " + parties + ")";
  }
}
