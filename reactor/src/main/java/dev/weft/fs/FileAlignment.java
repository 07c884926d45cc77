// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What transfers past the page cache must be aligned to ({@link FileOption#DIRECT_IO}).
 *
 * @param memoryBytes addresses of memory must be multiples of it
 * @param positionBytes positions in the file, and lengths, must be multiples of it
 */
public record FileAlignment(int memoryBytes, int positionBytes) {
  /**
   * Checks that both are powers of two.
   *
   * @throws IllegalArgumentException if not
   */
  public FileAlignment {
    if (Integer.bitCount(memoryBytes) != 1 || Integer.bitCount(positionBytes) != 1) {
      throw new IllegalArgumentException(
          "alignments must be powers of two: " + memoryBytes + ", " + positionBytes);
    }
  }

  /**
   * Allocates memory for such transfers, with zeros in it.
   *
   * @param arena whose memory it is
   * @param bytes how much; the next multiple of {@link #positionBytes} is allocated
   * @return aligned memory
   */
  public MemorySegment allocate(Arena arena, long bytes) {
    return arena.allocate(Math.ceilDiv(bytes, positionBytes) * positionBytes, memoryBytes);
  }
}
