// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.lang.foreign.MemorySegment;

/**
 * Buffers of one size from which a backend chooses one when data has arrived, so that a waiting
 * receive holds no memory ({@link Op#receiveAny}, {@link Op#receiveMultishot}). {@link
 * Backend#openBufferGroup} makes one; its opener closes it. Confined to the reactor's thread.
 */
public abstract class BufferGroup implements AutoCloseable {
  private final int number;

  /** For backends; {@code number} is not that of another open group. */
  protected BufferGroup(int number) {
    this.number = number;
  }

  /** The number of the group, from 0 to 65535. */
  public final int number() {
    return number;
  }

  /**
   * Offers a buffer, which the backend owns until a result returns its number ({@link Op#buffer}).
   * The memory must outlive the group.
   *
   * @param buffer the buffer's number, from 0 to 65535; it must not be on offer
   * @param from the index of its first byte in {@code memory}
   */
  public abstract void offer(int buffer, MemorySegment memory, long from);

  /** Takes back all buffers on offer; no receive of the group may be in flight. */
  @Override
  public abstract void close();
}
