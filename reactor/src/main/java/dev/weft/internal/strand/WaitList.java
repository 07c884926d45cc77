// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/**
 * Strands that wait for one thing, in the order in which they came. Most often there is one at
 * most, for which as few references as possible are stored: each costs the collector's barrier.
 */
public final class WaitList {
  private @Nullable WaitNode first;

  /** The last if there are several; otherwise nothing is to be had from it. */
  private @Nullable WaitNode last;

  public boolean isEmpty() {
    return first == null;
  }

  /** The clause that has waited longest, or null. */
  public @Nullable WaitNode first() {
    return first;
  }

  /** Puts {@code node} at the end. It must be in no list. */
  public void add(WaitNode clause) {
    assert !clause.isListed : clause.strand();
    clause.isListed = true;
    if (clause.list != this) {
      clause.list = this;
    }
    WaitNode head = first;
    if (head == null) {
      first = clause;
      return;
    }
    WaitNode before = last != null ? last : head;
    before.next = clause;
    clause.previous = before;
    last = clause;
  }

  void remove(WaitNode clause) {
    assert clause.isListed && clause.list == this : clause.strand();
    clause.isListed = false;
    WaitNode before = clause.previous;
    WaitNode after = clause.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
      clause.previous = null;
    }
    if (after != null) {
      after.previous = before;
      clause.next = null;
    }
    if (last != null) {
      removeFromEnd(clause, before);
    }
  }

  /** Keeps {@link #last} right after {@code node} has been taken out, which may have been it. */
  private void removeFromEnd(WaitNode clause, @Nullable WaitNode before) {
    if (last == clause) {
      last = before;
    }
    if (last == first) {
      last = null;
    }
  }

  /** Lets the one that has waited longest go on; returns whether there was one. */
  public boolean wakeOne() {
    WaitNode clause = first;
    if (clause == null) {
      return false;
    }
    clause.fire();
    return true;
  }

  /** Lets all of them go on. */
  public void wakeAll() {
    while (wakeOne()) {}
  }
}
