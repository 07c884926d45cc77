// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/** The bytes of a file, in blocks of a disk. Where there is no block, it reads as zeros. */
final class FileContent {
  private static final int BLOCK = Disk.BLOCK_BYTES;

  final Disk disk;

  /** The blocks by their numbers; bytes beyond the size are zeros. */
  private TreeMap<Long, byte[]> blocks = new TreeMap<>();

  private long size;

  FileContent(Disk disk) {
    this.disk = disk;
  }

  long size() {
    return size;
  }

  long allocatedBytes() {
    return (long) blocks.size() * BLOCK;
  }

  /** The bytes from {@code from} on, all of which are within the size. */
  byte[] read(long from, int count) {
    byte[] target = new byte[count];
    for (int done = 0; done < count; ) {
      long at = from + done;
      int within = (int) (at % BLOCK);
      int part = Math.min(BLOCK - within, count - done);
      byte[] block = blocks.get(at / BLOCK);
      if (block != null) {
        System.arraycopy(block, within, target, done, part);
      }
      done += part;
    }
    return target;
  }

  /** How many bytes can be written from {@code to} on, before the disk is full. */
  long room(long to, int wanted) {
    long left = disk.freeBytes();
    long at = to;
    while (at < to + wanted) {
      if (!blocks.containsKey(at / BLOCK)) {
        left -= BLOCK;
        if (left < 0) {
          break;
        }
      }
      at = (at / BLOCK + 1) * BLOCK;
    }
    return Math.min(at - to, wanted);
  }

  /** Writes bytes for which there is room. */
  void write(byte[] bytes, long to) {
    allocate(to, to + bytes.length);
    for (int done = 0; done < bytes.length; ) {
      long at = to + done;
      int within = (int) (at % BLOCK);
      int part = Math.min(BLOCK - within, bytes.length - done);
      byte[] block = blocks.get(at / BLOCK);
      assert block != null : "there was room";
      System.arraycopy(bytes, done, block, within, part);
      done += part;
    }
    size = Math.max(size, to + bytes.length);
  }

  void resize(long newSize) {
    if (newSize < size) { // otherwise what was reserved beyond the size stays
      zero(newSize, Math.ceilDiv(newSize, BLOCK) * BLOCK);
      give(blocks.tailMap(Math.ceilDiv(newSize, BLOCK)));
    }
    size = newSize;
  }

  /** Takes the blocks from one place to another; returns false if the disk is full. */
  boolean allocate(long from, long to) {
    for (long i = from / BLOCK; i * BLOCK < to; i++) {
      if (!blocks.containsKey(i)) {
        if (!disk.take()) {
          return false;
        }
        blocks.put(i, new byte[BLOCK]);
      }
    }
    return true;
  }

  /** Makes zeros of what is between two places, and gives whole blocks back. */
  void clear(long from, long to) {
    give(blocks.subMap(Math.ceilDiv(from, BLOCK), Math.max(Math.ceilDiv(from, BLOCK), to / BLOCK)));
    zero(from, Math.min(to, Math.ceilDiv(from, BLOCK) * BLOCK));
    zero(Math.max(from, to / BLOCK * BLOCK), to);
  }

  private void zero(long from, long to) {
    byte[] block = blocks.get(from / BLOCK);
    if (block != null && from < to) {
      int start = (int) (from % BLOCK);
      Arrays.fill(block, start, start + (int) (to - from), (byte) 0);
    }
  }

  private void give(SortedMap<Long, byte[]> some) {
    some.keySet().forEach(each -> disk.give());
    some.clear();
  }

  /** Removes whole blocks; what follows moves to their place. */
  void collapse(long from, long bytes) {
    give(blocks.subMap(from / BLOCK, (from + bytes) / BLOCK));
    shift((from + bytes) / BLOCK, -bytes / BLOCK);
    size -= bytes;
  }

  /** Moves what follows {@code from}, by whole blocks. */
  void insert(long from, long bytes) {
    shift(from / BLOCK, bytes / BLOCK);
    size += bytes;
  }

  private void shift(long first, long by) {
    TreeMap<Long, byte[]> moved = new TreeMap<>(blocks.headMap(first));
    blocks.tailMap(first).forEach((number, block) -> moved.put(number + by, block));
    blocks = moved;
  }

  /** Gives all blocks back, when the file is gone. */
  void discard() {
    give(blocks);
    size = 0;
  }
}
