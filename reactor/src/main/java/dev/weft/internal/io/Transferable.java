// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import java.lang.foreign.MemorySegment;

/** What memory can be transferred from and to, and how much at once. */
public final class Transferable {
  /** The kernel moves at most this much in one call (read(2)). */
  static final int MAX = 0x7ffff000;

  private Transferable() {}

  static int writableLength(MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException("a read-only segment can't be read into: " + segment);
    }
    return checkedLength(segment);
  }

  static int checkedLength(MemorySegment segment) {
    requireTransferable(segment);
    return (int) Math.min(segment.byteSize(), MAX);
  }

  /** Checks that the kernel can access the segment. */
  public static void requireTransferable(MemorySegment segment) {
    if (!segment.isNative()) {
      throw new IllegalArgumentException(
          "the kernel needs a native segment, not one on the heap: " + segment);
    }
    // The kernel gets only the address, so the JVM would not detect a closed arena.
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException("the arena of the segment is closed: " + segment);
    }
  }
}
