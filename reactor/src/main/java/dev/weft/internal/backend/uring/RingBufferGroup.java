// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.uring.ReceiveBuffers;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** A buffer group that is registered with the ring. */
final class RingBufferGroup extends BufferGroup {
  private final RingBufferGroups groups;
  private final int bytes;

  /** Null when the group is closed. */
  private @Nullable ReceiveBuffers buffers;

  /** The next one in {@link RingBufferGroups}. */
  @Nullable RingBufferGroup next;

  RingBufferGroup(RingBufferGroups groups, int number, int bytes) {
    super(number);
    this.groups = groups;
    this.bytes = bytes;
  }

  void opened(ReceiveBuffers registered) {
    buffers = registered;
  }

  @Override
  public void offer(int buffer, MemorySegment memory, long from) {
    ReceiveBuffers registered = buffers;
    if (registered == null) {
      throw new IllegalStateException("the buffer group is closed");
    }
    registered.offer(buffer, memory.address() + from, bytes);
  }

  @Override
  public void close() {
    ReceiveBuffers registered = buffers;
    if (registered != null) {
      buffers = null;
      groups.closed(this);
      registered.close();
    }
  }
}
