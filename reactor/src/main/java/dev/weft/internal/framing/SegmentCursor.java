// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import dev.weft.io.SegmentList;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Fills the segments of a list one after the other. */
public final class SegmentCursor {
  private final SegmentList single = new SegmentList();
  private SegmentList list = single;
  private int index;
  private long offset;

  /** Throws if a list can't be filled: then no call has begun. */
  public static void check(SegmentList target) {
    for (int i = 0; i < target.size(); i++) {
      MemorySegment segment = target.segment(i);
      if (segment != null) {
        check(segment);
      }
    }
  }

  /** Throws if a segment can't be filled. */
  public static void check(MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("a read-only segment can't be read into: " + segment);
    }
    GatheredOutput.check(segment);
  }

  /** Begins with the first byte of {@code target}. */
  public void start(SegmentList target) {
    list = target;
    index = 0;
    offset = 0;
  }

  /** Begins with the first byte of {@code target}. */
  public void start(MemorySegment target) {
    start(single.clear().add(target));
  }

  /** Forgets the list, so that its memory can be freed. */
  public void finish() {
    single.clear();
    list = single;
  }

  /** The size of the whole list in bytes, whatever has been filled. */
  public long byteSize() {
    return list.byteSize();
  }

  /** What is to be filled next, at most {@code bytes} of it; null if it is a place to skip. */
  @Nullable MemorySegment place(long bytes) {
    leaveFull();
    MemorySegment segment = list.segment(index);
    return segment == null
        ? null
        : segment.asSlice(offset, Math.min(bytes, list.byteSize(index) - offset));
  }

  /** Marks bytes at the cursor as filled, or skips them; {@link #place} had room for them. */
  void advance(long bytes) {
    offset += bytes;
  }

  /** Copies {@code bytes} bytes from {@code from} on to the cursor. */
  void put(MemorySegment source, long from, long bytes) {
    for (long done = 0; done < bytes; ) {
      leaveFull();
      long step = Math.min(bytes - done, list.byteSize(index) - offset);
      MemorySegment segment = list.segment(index);
      if (segment != null) {
        MemorySegment.copy(source, from + done, segment, offset, step);
      }
      offset += step;
      done += step;
    }
  }

  private void leaveFull() {
    while (offset == list.byteSize(index)) {
      index++;
      offset = 0;
    }
  }
}
