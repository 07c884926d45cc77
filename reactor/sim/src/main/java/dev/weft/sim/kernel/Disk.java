// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

/** The space that the files of a simulation share, in blocks. */
final class Disk {
  static final int BLOCK_BYTES = 4096;

  private long free = Long.MAX_VALUE / BLOCK_BYTES;

  /** Sets how many bytes there are, before the first block is taken. */
  void resize(long bytes) {
    free = bytes / BLOCK_BYTES;
  }

  long freeBytes() {
    return free * BLOCK_BYTES;
  }

  /** Takes a block; returns false if the disk is full. */
  boolean take() {
    if (free == 0) {
      return false;
    }
    free--;
    return true;
  }

  void give() {
    free++;
  }
}
