// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** The content of a connection: each byte follows from the connection's number and its place. */
final class Stream {
  private static final long NUMBER_FACTOR = 0x9E3779B97F4A7C15L;
  private static final long PLACE_FACTOR = 0xBF58476D1CE4E5B9L;

  private Stream() {}

  private static byte byteAt(long number, long place) {
    long mixed = number * NUMBER_FACTOR + place * PLACE_FACTOR;
    mixed ^= mixed >>> 29;
    return (byte) (mixed >>> 17);
  }

  static void fill(MemorySegment part, long number, long place) {
    for (long i = 0; i < part.byteSize(); i++) {
      part.set(JAVA_BYTE, i, byteAt(number, place + i));
    }
  }

  /** Whether {@code part} is what belongs there. */
  static boolean isRight(MemorySegment part, long number, long place) {
    for (long i = 0; i < part.byteSize(); i++) {
      if (part.get(JAVA_BYTE, i) != byteAt(number, place + i)) {
        return false;
      }
    }
    return true;
  }
}
