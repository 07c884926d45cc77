// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.io;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.BufferGroup;
import dev.weft.internal.mem.Memory;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Pool of provided buffers for receives. The reactor's io_uring assigns one to a connection when
 * its bytes arrive, so an idle connection has no memory. The pool grows to as many buffers as have
 * been needed at the same time.
 */
final class ReceiveBufferPool {
  /** With more buffers each receive would use cold memory, as the kernel takes the oldest first. */
  private static final int BUFFERS_MAX = 1024;

  private static final int BUFFERS_MIN = 32;

  private final RingMemory memory;

  /** Null if the backend has no buffer groups, as on older kernels. */
  private final @Nullable BufferGroup group;

  /** The addresses of the provided buffers, by number. */
  private final long[] addresses = new long[BUFFERS_MAX];

  private int count;

  ReceiveBufferPool(Backend backend, RingMemory memory) {
    this.memory = memory;
    group = backend.openBufferGroup(BUFFERS_MAX, ByteRing.BYTES);
  }

  /** The buffers that receives can use, or null if the backend has no buffer groups. */
  @Nullable BufferGroup group() {
    BufferGroup opened = group;
    if (opened != null && count == 0) {
      provideUpTo(opened, BUFFERS_MIN);
    }
    return opened;
  }

  /** Takes the filled buffer of this number, and provides another one in its place. */
  long take(int number) {
    BufferGroup opened = Objects.requireNonNull(group);
    long address = addresses[number];
    long other;
    try {
      other = memory.take();
    } catch (Throwable e) {
      opened.offer(number, Memory.ALL, address); // the received bytes are lost
      throw e;
    }
    provide(opened, number, other);
    return address;
  }

  void release(long address) {
    memory.give(address);
  }

  /** Grows the pool, after all buffers were in use at the same time. */
  void exhausted() {
    provideUpTo(Objects.requireNonNull(group), Math.min(count * 2, BUFFERS_MAX));
  }

  private void provideUpTo(BufferGroup opened, int wanted) {
    while (count < wanted) {
      provide(opened, count, memory.take());
      count++;
    }
  }

  private void provide(BufferGroup opened, int number, long address) {
    addresses[number] = address;
    opened.offer(number, Memory.ALL, address);
  }

  /** Withdraws the provided buffers; no receive is in flight. */
  void close() {
    if (group != null) {
      group.close();
    }
    while (count > 0) {
      memory.give(addresses[--count]);
    }
  }
}
