// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * Slab allocator: native cells of one fixed size, addressed by index. Cells never move and live
 * until the slab is closed, so their addresses can be passed to the kernel. Grows by one chunk at a
 * time.
 */
public final class Slab implements AutoCloseable {
  private static final int CELLS_PER_CHUNK_LOG2 = 8;
  private static final int CELLS_PER_CHUNK = 1 << CELLS_PER_CHUNK_LOG2;
  private static final int CHUNK_ALIGNMENT = 64;

  // Shared, because fibers, which can be threads of their own, use the cells.
  private final Arena arena = Arena.ofShared();
  private final int cellBytes;
  private long[] chunks = new long[4];
  private int chunkCount;

  public Slab(int cellBytes) {
    if (cellBytes <= 0 || cellBytes % Long.BYTES != 0) {
      throw new IllegalArgumentException(
          "cellBytes must be a positive multiple of 8: " + cellBytes);
    }
    this.cellBytes = cellBytes;
  }

  public int cellBytes() {
    return cellBytes;
  }

  /** The address of cell {@code index}; the cell is allocated at its first use, zeroed. */
  public long address(int index) {
    int chunk = index >>> CELLS_PER_CHUNK_LOG2;
    while (chunk >= chunkCount) {
      grow();
    }
    return chunks[chunk] + (long) (index & (CELLS_PER_CHUNK - 1)) * cellBytes;
  }

  private void grow() {
    if (chunkCount == chunks.length) {
      chunks = Arrays.copyOf(chunks, chunkCount * 2);
    }
    long bytes = (long) CELLS_PER_CHUNK * cellBytes;
    long address =
        arena.allocate(bytes, CHUNK_ALIGNMENT).address(); // can fail, so counted afterwards
    chunks[chunkCount++] = address;
  }

  @Override
  public void close() {
    arena.close();
  }
}
