// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import org.jspecify.annotations.Nullable;

/** Strands that wait for one thing, in the order in which they came. */
public final class WaitList {
  private @Nullable Clause first;
  private @Nullable Clause last;

  public boolean isEmpty() {
    return first == null;
  }

  /** The clause that has waited longest, or null. */
  public @Nullable Clause first() {
    return first;
  }

  /** Puts {@code clause} at the end. It must be in no list. */
  public void add(Clause clause) {
    assert clause.list == null : clause.strand();
    clause.list = this;
    clause.previous = last;
    clause.next = null;
    if (last == null) {
      first = clause;
    } else {
      last.next = clause;
    }
    last = clause;
  }

  void remove(Clause clause) {
    assert clause.list == this : clause.strand();
    Clause before = clause.previous;
    Clause after = clause.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previous = before;
    }
    clause.list = null;
    clause.previous = null;
    clause.next = null;
  }

  /** Lets the one that has waited longest go on; returns whether there was one. */
  public boolean wakeOne() {
    Clause clause = first;
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
