// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** Finds a byte in memory, eight at a time. */
final class ByteSearch {
  private static final long ONES = 0x0101010101010101L;
  private static final long HIGH_BITS = 0x8080808080808080L;

  private ByteSearch() {}

  /**
   * The first index from {@code from} on that holds {@code value}; {@code end} if there is none.
   */
  static long indexOf(MemorySegment segment, byte value, long from, long end) {
    long repeated = (value & 0xffL) * ONES;
    long at = from;
    while (at + Long.BYTES <= end) {
      long difference = segment.get(JAVA_LONG_UNALIGNED, at) ^ repeated;
      if (((difference - ONES) & ~difference & HIGH_BITS) != 0) {
        break; // one of the eight bytes is equal
      }
      at += Long.BYTES;
    }
    while (at < end && segment.get(JAVA_BYTE, at) != value) {
      at++;
    }
    return at;
  }
}
