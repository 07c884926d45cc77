// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import org.jspecify.annotations.Nullable;

/** The children of one bundle that have not ended, in the order in which they were started. */
final class Siblings {
  private @Nullable FiberState first;
  private @Nullable FiberState last;
  private int count;

  /** The child that was started first, or null. */
  @Nullable FiberState first() {
    return first;
  }

  int count() {
    return count;
  }

  void add(FiberState child) {
    child.previousSibling = last;
    if (last == null) {
      first = child;
    } else {
      last.nextSibling = child;
    }
    last = child;
    count++;
  }

  void remove(FiberState child) {
    FiberState before = child.previousSibling;
    FiberState after = child.nextSibling;
    if (before == null) {
      first = after;
    } else {
      before.nextSibling = after;
    }
    if (after == null) {
      last = before;
    } else {
      after.previousSibling = before;
    }
    count--;
  }

  void cancel() {
    for (FiberState child = first; child != null; child = child.nextSibling) {
      if (!child.hasEnded()) {
        child.strand().cancel();
      }
    }
  }
}
