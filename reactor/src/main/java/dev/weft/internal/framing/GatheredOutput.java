// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.internal.io.BufferPool;
import dev.weft.internal.io.Endpoint;
import dev.weft.io.ByteSink;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Writes small pieces together through a buffer. Large ones go past it: to a socket or a pipe in
 * one operation with those around them, without a copy. Others, such as a TLS session, would send
 * each piece on its own, so that at most one buffer's worth of bytes is copied for each large
 * piece. There is a buffer only between {@link #start} and {@link #finish}.
 */
public final class GatheredOutput {
  /** From here on a piece is gathered: to copy less costs no more than another segment. */
  private static final int GATHERED_MIN = 4096;

  private final ByteSink sink;

  /** Whether the sink writes several segments by one operation. */
  private final boolean gathers;

  private final BufferPool.Buffers buffers;
  private final int capacity;
  private @Nullable MemorySegment buffer;
  private int filled;

  /** What is to be written before the buffer's bytes from {@link #gathered} on. */
  private final SegmentList parts = new SegmentList();

  private int gathered;

  GatheredOutput(ByteSink sink, BufferPool.Buffers buffers) {
    this.sink = sink;
    gathers = Endpoint.IN.of(sink) != null;
    this.buffers = buffers;
    this.capacity = buffers.bytes();
  }

  /** Throws if a list can't be written: then no call has begun. */
  public static void check(SegmentList message) {
    for (int i = 0; i < message.size(); i++) {
      MemorySegment segment = message.segment(i);
      if (segment == null) {
        throw new IllegalArgumentException("a list to send must not skip places: " + message);
      }
      check(segment);
    }
  }

  /** Throws if a segment can't be read or written by the kernel. */
  public static void check(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "the kernel needs a native segment, not one on the heap: " + segment);
    }
    // The kernel gets only the address, so the JVM would not detect a closed arena.
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the arena of the segment is closed: " + segment);
    }
  }

  /** Begins a message. */
  void start() {
    filled = 0;
    gathered = 0;
    buffer = buffers.take();
  }

  /** Ends a message, sent or not; no operation is in progress. */
  void finish() {
    MemorySegment taken = buffer();
    buffer = null;
    parts.clear();
    buffers.give(taken);
  }

  /** The buffer, to store bytes in at {@link #reserve}. */
  MemorySegment buffer() {
    return Objects.requireNonNull(buffer);
  }

  /** Counts the next {@code bytes} bytes of the empty buffer as stored; returns their offset. */
  int reserve(int bytes) {
    int at = filled;
    filled += bytes;
    return at;
  }

  /** Writes the segments of a list. Suspends. */
  void put(SegmentList list, Deadline deadline) throws IOException {
    for (int i = 0; i < list.size(); i++) {
      put(Objects.requireNonNull(list.segment(i)), deadline);
    }
  }

  /** Writes a segment, perhaps later, with what follows. Suspends. */
  void put(MemorySegment segment, Deadline deadline) throws IOException {
    long size = segment.byteSize();
    if (gathers && size >= Math.min(GATHERED_MIN, capacity)) {
      gatherBuffer();
      parts.add(segment);
      return;
    }
    if (size <= capacity - filled) {
      store(segment, 0, (int) size);
      return;
    }
    if (filled == 0) {
      sink.write(segment, deadline);
      return;
    }
    int fitting = capacity - filled;
    store(segment, 0, fitting);
    flush(deadline);
    if (size - fitting <= capacity) {
      store(segment, fitting, (int) (size - fitting));
    } else {
      sink.write(segment.asSlice(fitting), deadline);
    }
  }

  /** Writes a few bytes, fewer than the buffer holds, perhaps later. Suspends. */
  void put(byte[] bytes, Deadline deadline) throws IOException {
    if (bytes.length > capacity - filled) {
      flush(deadline);
    }
    MemorySegment.copy(bytes, 0, buffer(), JAVA_BYTE, filled, bytes.length);
    filled += bytes.length;
  }

  private void store(MemorySegment segment, long from, int bytes) {
    MemorySegment.copy(segment, from, buffer(), filled, bytes);
    filled += bytes;
  }

  /** Appends the buffer's bytes that are in no part yet. */
  private void gatherBuffer() {
    if (filled > gathered) {
      parts.add(buffer().asSlice(gathered, filled - gathered));
      gathered = filled;
    }
  }

  /** Writes what has been put and not been written. Suspends. */
  void flush(Deadline deadline) throws IOException {
    if (parts.size() > 0) {
      gatherBuffer();
      sink.write(parts, deadline);
      parts.clear();
    } else if (filled > 0) {
      sink.write(buffer().asSlice(0, filled), deadline);
    }
    filled = 0;
    gathered = 0;
  }
}
