// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import org.jspecify.annotations.Nullable;

/** Free staging buffers of a few sizes. Confined to the reactor's thread and its fibers. */
final class StagingPool {
  /** The size of the largest buffers: what one operation moves at most. */
  static final int BYTES_MAX = 64 << 10;

  private static final int SMALLEST_LOG2 = 8;
  private static final int LARGEST_LOG2 = 16;

  /** The bytes of the free buffers of each size at most. */
  private static final int FREE_BYTES_MAX = 1 << 20;

  private final @Nullable StagingBuffer[] free =
      new @Nullable StagingBuffer[LARGEST_LOG2 - SMALLEST_LOG2 + 1];

  private final int[] freeCount = new int[free.length];

  /** A buffer of at least {@code bytes} bytes, but of {@link #BYTES_MAX} at most. */
  StagingBuffer take(int bytes) {
    int wanted = Math.min(bytes, BYTES_MAX);
    int log2 = wanted <= 1 << SMALLEST_LOG2 ? SMALLEST_LOG2 : ceilingLog2(wanted);
    int sizeClass = log2 - SMALLEST_LOG2;
    StagingBuffer found = free[sizeClass];
    if (found == null) {
      return new StagingBuffer(this, sizeClass, 1 << log2);
    }
    free[sizeClass] = found.next;
    freeCount[sizeClass]--;
    found.next = null;
    return found;
  }

  private static int ceilingLog2(int number) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(number - 1);
  }

  void give(StagingBuffer buffer) {
    int sizeClass = buffer.sizeClass;
    if ((freeCount[sizeClass] + 1) * buffer.size() <= FREE_BYTES_MAX) {
      buffer.next = free[sizeClass];
      free[sizeClass] = buffer;
      freeCount[sizeClass]++;
    }
  }
}
