// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/**
 * FIFO list of the strands that wait for one thing. It mostly has at most one node. For that case
 * it stores as few references as possible, since each costs a GC barrier.
 */
public final class WaitList {
  private @Nullable WaitNode first;

  /** The last node if there are several, otherwise null. */
  private @Nullable WaitNode last;

  public boolean isEmpty() {
    return first == null;
  }

  /** The node that has waited longest, or null. */
  public @Nullable WaitNode first() {
    return first;
  }

  /**
   * Adds {@code node} at the end. It must be in no list. Calls nothing, as {@link #remove}: if the
   * stack overflows, the list is as before.
   */
  public void add(WaitNode node) {
    assert !node.isListed : node.strand();
    node.isListed = true;
    if (node.list != this) {
      node.list = this;
    }
    WaitNode head = first;
    if (head == null) {
      first = node;
      return;
    }
    WaitNode before = last != null ? last : head;
    before.next = node;
    node.previous = before;
    last = node;
  }

  /** Removes {@code node}, which is in this list. */
  void remove(WaitNode node) {
    assert node.isListed && node.list == this : node.strand();
    node.isListed = false;
    WaitNode before = node.previous;
    WaitNode after = node.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
      node.previous = null;
    }
    if (after != null) {
      after.previous = before;
      node.next = null;
    }
    if (last != null) {
      if (last == node) {
        last = before;
      }
      if (last == first) {
        last = null;
      }
    }
  }

  /**
   * Removes each of {@code nodes} from its list, if it is in one. The body of {@link #remove} is
   * repeated here so that it calls nothing: if the stack overflows, no node was removed.
   */
  static void removeAll(WaitNode[] nodes) {
    for (WaitNode node : nodes) {
      WaitList list = node.list;
      if (list == null || !node.isListed) {
        continue;
      }
      node.isListed = false;
      WaitNode before = node.previous;
      WaitNode after = node.next;
      if (before == null) {
        list.first = after;
      } else {
        before.next = after;
        node.previous = null;
      }
      if (after != null) {
        after.previous = before;
        node.next = null;
      }
      if (list.last == node) {
        list.last = before;
      }
      if (list.last == list.first) {
        list.last = null;
      }
    }
  }

  /** Wakes the strand that has waited longest; returns whether there was one. */
  public boolean wakeOne() {
    WaitNode node = first;
    if (node == null) {
      return false;
    }
    node.fire();
    return true;
  }

  /** Wakes all strands in the list. */
  public void wakeAll() {
    while (wakeOne()) {}
  }
}
