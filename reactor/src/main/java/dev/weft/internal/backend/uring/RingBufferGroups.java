// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.internal.uring.ReceiveBuffers;
import dev.weft.internal.uring.Ring;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/** The open buffer groups of a ring. */
final class RingBufferGroups implements AutoCloseable {
  private final Ring ring;

  /** The head of the list of the groups, newest first. */
  private @Nullable RingBufferGroup first;

  private final BitSet numbers = new BitSet();

  RingBufferGroups(Ring ring) {
    this.ring = ring;
  }

  /** Opens a group; returns null if the kernel has no memory for one. */
  @Nullable RingBufferGroup open(int count, int bytes) {
    RingBufferGroup group = new RingBufferGroup(this, numbers.nextClearBit(0), bytes);
    numbers.set(group.number()); // first, because it can fail
    ReceiveBuffers registered = null;
    try {
      registered = ring.openReceiveBuffers(group.number(), count);
    } finally {
      if (registered == null) {
        numbers.clear(group.number());
      }
    }
    if (registered == null) {
      return null;
    }
    group.opened(registered);
    group.next = first;
    first = group;
    return group;
  }

  /** Removes a group that is being closed. */
  void closed(RingBufferGroup group) {
    numbers.clear(group.number());
    if (first == group) {
      first = group.next;
      return;
    }
    for (RingBufferGroup before = first; before != null; before = before.next) {
      if (before.next == group) {
        before.next = group.next;
        return;
      }
    }
  }

  /** Closes all groups. */
  @Override
  public void close() {
    for (RingBufferGroup group; (group = first) != null; ) {
      group.close(); // takes it from the list first
    }
  }
}
