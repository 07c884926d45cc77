// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Deadline;
import dev.weft.internal.io.BufferPool;
import dev.weft.io.ByteSource;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A byte source with a buffer, which holds what was read and not yet taken. There is a buffer only
 * while it holds something, or a call wants it to.
 */
public final class ReadAhead {
  private final ByteSource source;
  private final BufferPool.Buffers buffers;
  private @Nullable MemorySegment buffer;
  private int start;
  private int end;

  ReadAhead(ByteSource source, BufferPool.Buffers buffers) {
    this.source = source;
    this.buffers = buffers;
  }

  private MemorySegment buffer() {
    MemorySegment taken = buffer;
    if (taken == null) {
      taken = buffers.take();
      buffer = taken;
    }
    return taken;
  }

  /** Gives the buffer back if it holds nothing; no call is in progress. */
  void release() {
    MemorySegment taken = buffer;
    if (taken != null && start == end) {
      buffer = null;
      buffers.give(taken);
    }
  }

  /** Gives the buffer back with all that it holds; no call is in progress. */
  void discard() {
    start = end;
    release();
  }

  /** The number of bytes that were read and not taken. */
  public int available() {
    return end - start;
  }

  public int capacity() {
    return buffers.bytes();
  }

  /** The byte at {@code index} of those that are available. */
  public byte at(int index) {
    return buffer().get(JAVA_BYTE, start + index);
  }

  /**
   * The first index from {@code from} on that has {@code value}; {@link #available} if none has.
   */
  int indexOf(byte value, int from) {
    return (int) ByteSearch.indexOf(buffer(), value, start + from, end) - start;
  }

  /** Drops bytes that are available. */
  public void drop(int bytes) {
    assert bytes <= available() : bytes;
    start += bytes;
  }

  /** Moves bytes that are available to the cursor. */
  void take(SegmentCursor target, int bytes) {
    target.put(buffer(), start, bytes);
    drop(bytes);
  }

  /**
   * Reads what the source has, if there is room for it. Suspends.
   *
   * @return false at the end of the source
   */
  public boolean fill(Deadline deadline) throws IOException {
    MemorySegment held = buffer();
    if (start == end) {
      start = 0;
      end = 0;
    } else if (end == capacity()) {
      assert start > 0 : "the buffer is full";
      MemorySegment.copy(held, start, held, 0, end - start);
      end -= start;
      start = 0;
    }
    int count = source.read(end == 0 ? held : held.asSlice(end), deadline);
    if (count > 0) {
      end += count;
    }
    return count >= 0;
  }

  /** Reads until so many bytes are available; false if the source ends before. Suspends. */
  public boolean fill(int bytes, Deadline deadline) throws IOException {
    while (available() < bytes) {
      if (!fill(deadline)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Moves the next bytes of the source to the cursor: through the buffer, or past it if they are
   * many. Suspends.
   *
   * @return false if the source ends before
   */
  boolean take(SegmentCursor target, int bytes, Deadline deadline) throws IOException {
    int left = bytes;
    while (true) {
      int ready = Math.min(left, available());
      take(target, ready);
      left -= ready;
      if (left == 0) {
        return true;
      }
      MemorySegment place = target.place(left);
      if (place == null || place.byteSize() < capacity() / 2) {
        if (!fill(deadline)) {
          return false;
        }
        continue;
      }
      int count = source.read(place, deadline);
      if (count < 0) {
        return false;
      }
      target.advance(count);
      left -= count;
    }
  }

  /** Reads some bytes, first those that are available; -1 at the end of the source. Suspends. */
  int read(MemorySegment target, Deadline deadline) throws IOException {
    if (start == end || target.byteSize() == 0) {
      return source.read(target, deadline);
    }
    int bytes = (int) Math.min(target.byteSize(), end - start);
    MemorySegment.copy(buffer(), start, target, 0, bytes);
    start += bytes;
    release();
    return bytes;
  }
}
