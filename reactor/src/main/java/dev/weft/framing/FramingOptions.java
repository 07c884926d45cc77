// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;

/** Limits and memory of a stream of messages over a byte stream. */
public final class FramingOptions {
  /** The least that {@link #withBufferBytes} accepts. */
  private static final int BUFFER_BYTES_MIN = 64;

  private static final FramingOptions DEFAULTS =
      new FramingOptions(
          Integer.MAX_VALUE, 4096, (bytes, alignment) -> Arena.ofAuto().allocate(bytes, alignment));

  private final int maxMessageBytes;
  private final int bufferBytes;
  private final SegmentAllocator allocator;

  private FramingOptions(int maxMessageBytes, int bufferBytes, SegmentAllocator allocator) {
    this.maxMessageBytes = maxMessageBytes;
    this.bufferBytes = bufferBytes;
    this.allocator = allocator;
  }

  /**
   * {@return the defaults: messages of any length, and buffers of 4 KiB that are freed by the
   * garbage collector}
   */
  public static FramingOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Limits the length of messages: a longer one is not sent, and not received, not even in order to
   * be skipped. It fails with EMSGSIZE.
   *
   * @param bytes the longest message, at least 0
   * @return changed options
   */
  public FramingOptions withMaxMessageBytes(int bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("maxMessageBytes must not be negative: " + bytes);
    }
    return new FramingOptions(bytes, bufferBytes, allocator);
  }

  /**
   * Sets the size of the two buffers. One holds what is read ahead, the other one gathers what is
   * sent. Segments of half that size and more are received directly where that is possible.
   *
   * @param bytes at least 64
   * @return changed options
   */
  public FramingOptions withBufferBytes(int bytes) {
    if (bytes < BUFFER_BYTES_MIN) {
      throw new IllegalArgumentException(
          "bufferBytes must be at least " + BUFFER_BYTES_MIN + ": " + bytes);
    }
    return new FramingOptions(maxMessageBytes, bytes, allocator);
  }

  /**
   * Sets where the buffers come from.
   *
   * @param allocator called when a stream is attached. The memory must stay alive and unused by
   *     others until the stream is closed, or was detached and the one that it returned is closed
   * @return changed options
   */
  public FramingOptions withAllocator(SegmentAllocator allocator) {
    return new FramingOptions(maxMessageBytes, bufferBytes, allocator);
  }

  /** {@return the longest message} */
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  /** {@return the size of each buffer} */
  public int bufferBytes() {
    return bufferBytes;
  }

  /** {@return a new buffer: native memory from the allocator} */
  public MemorySegment allocateBuffer() {
    return allocator.allocate(bufferBytes);
  }
}
