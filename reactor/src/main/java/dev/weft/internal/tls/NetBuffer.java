// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Native memory with encrypted bytes, from {@link #start} to {@link #end}. The garbage collector
 * frees it, so that nothing leaks or is freed too early, whatever a fiber runs into.
 */
final class NetBuffer {
  private final MemorySegment memory;
  final int capacity;
  int start;
  int end;

  // The last slice: the transfers of a session tend to have the same length again and again.
  private @Nullable MemorySegment slice;
  private int sliceStart;
  private int sliceEnd;

  NetBuffer(int capacity) {
    memory = Arena.ofAuto().allocate(capacity);
    this.capacity = capacity;
  }

  int length() {
    return end - start;
  }

  void clear() {
    start = 0;
    end = 0;
  }

  int unsignedByte(int index) {
    return memory.get(JAVA_BYTE, start + index) & 0xff;
  }

  /** The bytes in it. */
  MemorySegment filled() {
    return slice(start, end);
  }

  /** The memory behind the bytes. */
  MemorySegment room() {
    return slice(end, capacity);
  }

  private MemorySegment slice(int from, int to) {
    if (from == 0 && to == capacity) {
      return memory;
    }
    MemorySegment last = slice;
    if (last == null || sliceStart != from || sliceEnd != to) {
      last = memory.asSlice(from, to - from);
      slice = last;
      sliceStart = from;
      sliceEnd = to;
    }
    return last;
  }

  /** Moves the bytes to the beginning. */
  void compact() {
    if (start > 0) {
      MemorySegment.copy(memory, start, memory, 0, length());
      end -= start;
      start = 0;
    }
  }

  /** Moves all bytes of another buffer behind those of this one. */
  void take(NetBuffer other) {
    MemorySegment.copy(other.memory, other.start, memory, end, other.length());
    end += other.length();
    other.clear();
  }

  /** Appends the bytes of {@code source}, which is on the heap. */
  void append(ByteBuffer source) {
    int from = source.arrayOffset() + source.position();
    MemorySegment.copy(source.array(), from, memory, JAVA_BYTE, end, source.remaining());
    end += source.remaining();
  }

  /**
   * Copies the first {@code length} bytes to the beginning of {@code target}, which is on the heap.
   */
  void copyTo(ByteBuffer target, int length) {
    MemorySegment.copy(memory, JAVA_BYTE, start, target.array(), target.arrayOffset(), length);
    target.position(0).limit(length);
  }
}
