// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.internal.io.Segments;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Segments of memory that are sent or filled one after the other, as if they were one
 * (scatter/gather, as in readv(2)). In a list to fill, a number of bytes can be skipped instead of
 * stored. A list can be used again, and cleared; it must not be changed while a call uses it.
 */
public final class SegmentList {
  static {
    Segments.register(list -> ((SegmentList) list).view);
  }

  /** This list as transfers see it. */
  private final Segments view = new View();

  private @Nullable MemorySegment[] segments = new MemorySegment[4];
  private long[] sizes = new long[4];
  private int count;
  private long byteSize;

  /** Creates an empty list. */
  public SegmentList() {}

  private final class View extends Segments {
    @Override
    protected int size() {
      return count;
    }

    @Override
    protected @Nullable MemorySegment segment(int index) {
      return segments[index];
    }

    @Override
    protected long byteSize(int index) {
      return sizes[index];
    }

    @Override
    public long byteSize() {
      return byteSize;
    }
  }

  /**
   * Creates a list of segments.
   *
   * @param segments native memory, in order
   * @return a new list
   */
  public static SegmentList of(MemorySegment... segments) {
    SegmentList list = new SegmentList();
    for (MemorySegment segment : segments) {
      list.add(segment);
    }
    return list;
  }

  /**
   * Appends a segment.
   *
   * @param segment native memory; it may be empty
   * @return this list
   */
  public SegmentList add(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "the kernel needs a native segment, not one on the heap: " + segment);
    }
    return append(segment, segment.byteSize());
  }

  /**
   * Appends a place that stores nothing: of what is received, that many bytes are dropped.
   *
   * @param bytes how many, at least 0; {@link Long#MAX_VALUE} for all of the rest
   * @return this list
   */
  public SegmentList skip(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative: " + bytes);
    }
    return append(null, bytes);
  }

  private SegmentList append(@Nullable MemorySegment segment, long bytes) {
    if (count == sizes.length) {
      segments = Arrays.copyOf(segments, 2 * count);
      sizes = Arrays.copyOf(sizes, 2 * count);
    }
    segments[count] = segment;
    sizes[count++] = bytes;
    long sum = byteSize + bytes;
    byteSize = sum < 0 ? Long.MAX_VALUE : sum;
    return this;
  }

  /**
   * Removes all segments.
   *
   * @return this list
   */
  public SegmentList clear() {
    Arrays.fill(segments, 0, count, null);
    count = 0;
    byteSize = 0;
    return this;
  }

  /** {@return the number of segments, with the skipped places} */
  public int size() {
    return count;
  }

  /**
   * {@return a segment, or null for a skipped place}
   *
   * @param index its position, from 0
   */
  public @Nullable MemorySegment segment(int index) {
    return segments[checked(index)];
  }

  /**
   * {@return the size of a segment or skipped place, in bytes}
   *
   * @param index its position, from 0
   */
  public long byteSize(int index) {
    return sizes[checked(index)];
  }

  private int checked(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException("segment " + index + " of " + count);
    }
    return index;
  }

  /** {@return the sum of the sizes in bytes, at most {@link Long#MAX_VALUE}} */
  public long byteSize() {
    return byteSize;
  }

  /** {@return whether there is a skipped place} */
  public boolean hasSkips() {
    for (int i = 0; i < count; i++) {
      if (segments[i] == null) {
        return true;
      }
    }
    return false;
  }

  /**
   * Copies bytes into the segments, dropping those for skipped places.
   *
   * @param source the bytes, at most as many as this list has room for
   */
  public void copyFrom(MemorySegment source) {
    long left = source.byteSize();
    if (left > byteSize) {
      throw new IndexOutOfBoundsException(left + " bytes do not fit into " + byteSize);
    }
    for (int i = 0; left > 0; i++) {
      long bytes = Math.min(left, sizes[i]);
      MemorySegment segment = segments[i];
      if (segment != null) {
        MemorySegment.copy(source, source.byteSize() - left, segment, 0, bytes);
      }
      left -= bytes;
    }
  }

  /**
   * Copies the bytes of the segments, one after the other.
   *
   * @param target memory of at least {@link #byteSize()} bytes
   * @throws IllegalArgumentException if this list has skipped places
   */
  public void copyTo(MemorySegment target) {
    long at = 0;
    for (int i = 0; i < count; i++) {
      MemorySegment segment = segments[i];
      if (segment == null) {
        throw new IllegalArgumentException("a list with skipped places has no bytes: " + this);
      }
      MemorySegment.copy(segment, 0, target, at, sizes[i]);
      at += sizes[i];
    }
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < count; i++) {
      text.append(i == 0 ? "" : ", ").append(segments[i] == null ? "skip " : "").append(sizes[i]);
    }
    return text.append("] bytes").toString();
  }
}
