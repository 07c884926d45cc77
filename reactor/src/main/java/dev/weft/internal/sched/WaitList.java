// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import org.jspecify.annotations.Nullable;

/** Strands that wait for one thing, in the order in which they came. */
public final class WaitList {
  private @Nullable Strand first;
  private @Nullable Strand last;

  public boolean isEmpty() {
    return first == null;
  }

  void add(Strand strand) {
    assert strand.waitingIn == null : strand;
    strand.waitingIn = this;
    strand.previousWaiter = last;
    strand.nextWaiter = null;
    if (last == null) {
      first = strand;
    } else {
      last.nextWaiter = strand;
    }
    last = strand;
  }

  void remove(Strand strand) {
    assert strand.waitingIn == this : strand;
    Strand before = strand.previousWaiter;
    Strand after = strand.nextWaiter;
    if (before == null) {
      first = after;
    } else {
      before.nextWaiter = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previousWaiter = before;
    }
    strand.waitingIn = null;
    strand.previousWaiter = null;
    strand.nextWaiter = null;
  }

  /** Lets the one that has waited longest go on; returns whether there was one. */
  public boolean wakeOne() {
    Strand strand = first;
    if (strand == null) {
      return false;
    }
    strand.wake();
    return true;
  }

  /** Lets all of them go on. */
  public void wakeAll() {
    while (wakeOne()) {}
  }
}
