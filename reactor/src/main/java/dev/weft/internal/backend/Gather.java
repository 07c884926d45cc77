// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.internal.mem.MemoryLease;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Bytes in several segments, which {@link Opcode#SEND_GATHERED} and {@link Opcode#WRITE_GATHERED}
 * send or write as one, and {@link Opcode#READ_SCATTERED} fills. Reusable, by one operation at a
 * time; nothing is allocated per use once it has grown to what is needed.
 */
public final class Gather {
  /** The number of segments at most. */
  public static final int SEGMENTS_MAX = 64;

  /** The bytes at most: what the kernel moves in one call. */
  private static final int BYTES_MAX = 0x7ffff000;

  private static final int SEGMENTS_INITIAL = 4;

  private @Nullable MemorySegment[] segments = new @Nullable MemorySegment[SEGMENTS_INITIAL];
  private long[] from = new long[SEGMENTS_INITIAL];
  private int[] lengths = new int[SEGMENTS_INITIAL];
  private boolean[] leased = new boolean[SEGMENTS_INITIAL];
  private int count;
  private int length;
  private @Nullable Object encoded;

  /** Removes all bytes. */
  public void clear() {
    Arrays.fill(segments, 0, count, null);
    count = 0;
    length = 0;
  }

  /**
   * Appends bytes of a segment, as many as there is room for.
   *
   * @return their number
   */
  public int add(MemorySegment segment, long start, long bytes) {
    int added = (int) Math.min(bytes, BYTES_MAX - length);
    if (count == SEGMENTS_MAX || added == 0) {
      return 0;
    }
    if (count == lengths.length) {
      int size = 2 * count;
      segments = Arrays.copyOf(segments, size);
      from = Arrays.copyOf(from, size);
      lengths = Arrays.copyOf(lengths, size);
      leased = Arrays.copyOf(leased, size);
    }
    segments[count] = segment;
    from[count] = start;
    lengths[count++] = added;
    length += added;
    return added;
  }

  /** The number of segments. */
  public int count() {
    return count;
  }

  /** The bytes in all of them. */
  public int length() {
    return length;
  }

  /** The segment at a position, from 0. */
  public MemorySegment segment(int index) {
    return Objects.requireNonNull(segments[index]);
  }

  /** Where the bytes begin in that segment. */
  public long from(int index) {
    return from[index];
  }

  /** The bytes of that segment. */
  public int length(int index) {
    return lengths[index];
  }

  // ---- for operations and backends

  void lease(Thread reactor) {
    for (int i = 0; i < count; i++) {
      leased[i] = MemoryLease.acquire(segment(i), reactor);
    }
  }

  /** Ends the leases that there are. */
  void release() {
    for (int i = 0; i < count; i++) {
      if (leased[i]) {
        leased[i] = false;
        MemoryLease.release(segment(i));
      }
    }
  }

  boolean isAccessibleBy(Thread thread) {
    for (int i = 0; i < count; i++) {
      if (!segment(i).isAccessibleBy(thread)) {
        return false;
      }
    }
    return true;
  }

  /** Copies {@code bytes} bytes, from the one at {@code start} of all on. */
  void copyTo(long start, MemorySegment target, long at, int bytes) {
    long skipped = start;
    int copied = 0;
    for (int i = 0; copied < bytes; i++) {
      int part = (int) Math.min(lengths[i] - skipped, bytes - copied);
      if (part > 0) {
        MemorySegment.copy(segment(i), from[i] + skipped, target, at + copied, part);
        copied += part;
      }
      skipped = Math.max(0, skipped - lengths[i]);
    }
  }

  /** The form of the backend, which it keeps for the next use; null at first. */
  public @Nullable Object encoded() {
    return encoded;
  }

  /** Keeps the form of the backend. */
  public void keep(Object form) {
    encoded = form;
  }
}
