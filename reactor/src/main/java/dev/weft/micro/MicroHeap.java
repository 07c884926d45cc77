// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one micro-process: a stack of page-aligned blocks. The newest is freed first, so
 * that nothing ever lies between two blocks: fragments are at the ends of pages only.
 *
 * <p>Who owns a block, and how long it is, is kept beside the memory and not in it, where the owner
 * could overwrite it. Each thread of the process frees its own blocks, its newest first. A block
 * that is freed while another thread's lies above it is dead at once; its pages come back when
 * those above are free.
 */
public final class MicroHeap {
  static final int PAGE_BYTES = Pages.PAGE_BYTES;

  private static final int LINE_BYTES = 64;

  private final MicroSlab slab;
  private final long start;
  private final long end;
  private long cursor;
  private long highWater;
  private @Nullable MicroBlock top;

  /** Whether its process is running: no other time may its blocks be used. */
  boolean active = true;

  private boolean open = true;

  MicroHeap(MicroSlab slab, long start, int pages) {
    this.slab = slab;
    this.start = start;
    end = start + (long) pages * Pages.PAGE_BYTES;
    cursor = start;
    highWater = start;
  }

  /**
   * The size of this heap.
   *
   * @return how many pages of 4096 bytes it has
   */
  public int pages() {
    return pagesIn(end - start);
  }

  /**
   * What is in use.
   *
   * @return how many of its pages belong to a block
   */
  public int usedPages() {
    return pagesIn(cursor - start);
  }

  /**
   * What would have been enough so far.
   *
   * @return the most pages that have been in use at a time
   */
  public int highWaterPages() {
    return pagesIn(highWater - start);
  }

  private static int pagesIn(long bytes) {
    return (int) (bytes / Pages.PAGE_BYTES);
  }

  /** A zeroed block on top of the stack, or null if {@link #neededPages} are more than it has. */
  @Nullable MicroBlock calloc(Object owner, long bytes) {
    long next = cursor + ((bytes + Pages.PAGE_BYTES - 1) & -Pages.PAGE_BYTES);
    if (next > end || bytes < 0 || next < cursor || !open) {
      return null;
    }
    MicroBlock block = new MicroBlock(this, owner, top, cursor, bytes);
    zero(cursor, bytes);
    top = block;
    cursor = next;
    if (next > highWater) {
      highWater = next;
    }
    return block;
  }

  /** Of how many pages the heap would have to be for a block of {@code bytes} more. */
  long neededPages(long bytes) {
    return usedPages() + (bytes - 1) / Pages.PAGE_BYTES + 1;
  }

  /** Frees the newest block of {@code owner}; returns false if it has none. */
  boolean free(Object owner) {
    MicroBlock block = top;
    if (block != null && block.owner() == owner) {
      block.revoke();
      popDead();
      return true;
    }
    return freeBelow(owner);
  }

  private boolean freeBelow(Object owner) {
    for (MicroBlock block = top; block != null; block = block.below()) {
      if (block.owner() == owner && block.isLive()) {
        block.revoke();
        return true;
      }
    }
    return false;
  }

  /** Frees every block of {@code owner}. */
  void freeAll(Object owner) {
    for (MicroBlock block = top; block != null; block = block.below()) {
      if (block.owner() == owner && block.isLive()) {
        block.revoke();
      }
    }
    popDead();
  }

  /** Frees one block, wherever it is. */
  void release(MicroBlock block) {
    if (block.isLive()) {
      block.revoke();
      popDead();
    }
  }

  private void popDead() {
    MicroBlock block = top;
    while (block != null && !block.isLive()) {
      cursor = block.start();
      block = block.below();
    }
    top = block;
  }

  private static void zero(long address, long bytes) {
    if (bytes > LINE_BYTES) {
      Memory.at(address, bytes).fill((byte) 0);
    } else if (bytes > 0) {
      // The rest of the line is nobody's: the block is the last on its page. Written out, since a
      // loop takes six times as long.
      MemorySegment line = Memory.at(address, LINE_BYTES);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 0, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 8, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 16, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 24, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 32, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 40, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 48, 0L);
      line.set(ValueLayout.JAVA_LONG_UNALIGNED, 56, 0L);
    }
  }

  /** Gives the memory back in one step; every block is dead. */
  void close() {
    if (!open) {
      return;
    }
    open = false;
    for (MicroBlock block = top; block != null; block = block.below()) {
      if (block.isLive()) {
        block.revoke();
      }
    }
    top = null;
    cursor = start;
    slab.give(start, pages());
  }

  boolean isOpen() {
    return open;
  }

  @Override
  public String toString() {
    return "micro-heap of "
        + pages()
        + " pages, "
        + usedPages()
        + " in use, "
        + highWaterPages()
        + " at most";
  }
}
