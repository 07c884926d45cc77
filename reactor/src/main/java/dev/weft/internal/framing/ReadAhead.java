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
  private final BufferPool.Buffers initial;

  /** Where {@link #buffer} is from. */
  private BufferPool.Buffers buffers;

  private @Nullable MemorySegment buffer;
  private int start;
  private int end;

  public ReadAhead(ByteSource source, BufferPool.Buffers buffers) {
    this.source = source;
    this.buffers = buffers;
    initial = buffers;
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
  public void release() {
    MemorySegment taken = buffer;
    if (taken != null && start == end) {
      buffer = null;
      buffers.give(taken);
      buffers = initial;
    }
  }

  /** Doubles the capacity, until the buffer is released; no call is in progress. */
  public void grow() {
    BufferPool.Buffers wider = buffers.twiceAsLarge();
    MemorySegment old = buffer();
    MemorySegment larger = wider.take();
    MemorySegment.copy(old, start, larger, 0, end - start);
    end -= start;
    start = 0;
    buffers.give(old);
    buffer = larger;
    buffers = wider;
  }

  /** Gives the buffer back with all that it holds; no call is in progress. */
  public void discard() {
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
  public int indexOf(byte value, int from) {
    return (int) ByteSearch.indexOf(buffer(), value, start + from, end) - start;
  }

  /** Drops bytes that are available. */
  public void drop(int bytes) {
    assert bytes <= available() : bytes;
    start += bytes;
  }

  /** Moves bytes that are available into an array. */
  public void take(byte[] target, int offset, int bytes) {
    assert bytes <= available() : bytes;
    MemorySegment.copy(buffer(), JAVA_BYTE, start, target, offset, bytes);
    drop(bytes);
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
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    if (start == end || target.byteSize() == 0) {
      return source.read(target, deadline);
    }
    int bytes = (int) Math.min(target.byteSize(), end - start);
    MemorySegment.copy(buffer(), start, target, 0, bytes);
    start += bytes;
    release();
    return bytes;
  }

  /** Reads some bytes into an array, through the buffer; -1 at the end of the source. Suspends. */
  public int read(byte[] target, int offset, int length, Deadline deadline) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill(1, deadline)) {
      return -1;
    }
    int count = Math.min(length, available());
    take(target, offset, count);
    return count;
  }

  /** Moves bytes that are available into a new array. */
  public byte[] take(int bytes) {
    byte[] taken = new byte[bytes];
    if (bytes > 0) {
      take(taken, 0, bytes);
    }
    return taken;
  }

  /** Reads what the source has, if need be into a larger buffer; false at its end. Suspends. */
  public boolean more(Deadline deadline) throws IOException {
    if (available() == capacity()) {
      grow();
    }
    return fill(deadline);
  }

  /**
   * How many bytes come before the next {@code delimiter}, or before the end of the source, all of
   * which are available then; more than {@code max} if that many have no delimiter among them.
   * Suspends.
   */
  public int find(byte delimiter, long max, Deadline deadline) throws IOException {
    int searched = 0;
    while (true) {
      int available = available();
      int found = available == searched ? available : indexOf(delimiter, searched);
      if (found < available || available > max) {
        return found;
      }
      searched = available;
      if (!more(deadline)) {
        return available;
      }
    }
  }
}
