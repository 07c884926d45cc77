// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one micro-process: a stack of page-aligned blocks. The newest is freed first, so
 * that fragments are at the ends of pages only, unless threads take turns.
 *
 * <p>Who owns a block, and how long it is, is kept beside the memory and not in it, where the owner
 * could overwrite it. Each thread of the process frees its own blocks, its newest first. A block
 * that is freed while another thread's lies above it is dead at once; its pages come back when
 * those above are free, or for a block that has no room on top.
 *
 * <p>It has pages of the slab from its first block on, until its process waits and no block is
 * left. The rings of the process count as pages of it, whether there is anything in them or not, so
 * that the number of its pages bounds all that a process may hold.
 */
public final class MicroHeap {
  static final int PAGE_BYTES = Pages.PAGE_BYTES;

  private static final int LINE_BYTES = 64;

  /** In place of {@link #limit} while it has no pages: less than any cursor. */
  private static final long NOTHING = -1;

  private final PagePool slab;
  private final PageRunFreeList shelf;
  private final int pages;

  /** Where its pages begin, and its next block; 0 while it has none. */
  private long start;

  private long cursor;

  /** Where its blocks must end, for the sake of what is set aside. */
  private long limit = NOTHING;

  /** Where its blocks have ended at most since it has these pages. */
  private long touched;

  /** How many pages are set aside for rings. */
  private int reserved;

  private int highWater;
  private @Nullable MicroBlock top;

  /** How many rings of its process hold memory. */
  private int ringsHeld;

  /** Whether its process is running: no other time may its blocks be used. */
  boolean active = true;

  private boolean open = true;

  MicroHeap(PagePool slab, int pages) {
    this.slab = slab;
    this.pages = pages;
    shelf = slab.shelf(pages);
  }

  /**
   * The size of this heap.
   *
   * @return how many pages of 4096 bytes it has
   */
  public int pages() {
    return pages;
  }

  /**
   * What is in use.
   *
   * @return how many of its pages belong to a block, or are set aside for a ring
   */
  public int usedPages() {
    return reserved + pagesIn(cursor - start);
  }

  /**
   * What would have been enough so far.
   *
   * @return the most pages that have been in use at a time
   */
  public int highWaterPages() {
    return highWater;
  }

  /**
   * What it takes of the machine's memory: nothing, if no thread has a block and no byte is on its
   * way while the process waits.
   *
   * @return how many pages have been touched and not given back, those of rings included
   */
  public int residentPages() {
    return pagesIn(touched - start) + ringsHeld * ByteRing.PAGES;
  }

  private static int pagesIn(long bytes) {
    return (int) (bytes / Pages.PAGE_BYTES);
  }

  /** A zeroed block on top of the stack, or null if {@link #neededPages} are more than it has. */
  @Nullable MicroBlock calloc(Object owner, long bytes) {
    long next = cursor + ((bytes + Pages.PAGE_BYTES - 1) & -Pages.PAGE_BYTES);
    if (next > limit || bytes < 0 || next < cursor) {
      return callocElsewhere(owner, bytes);
    }
    MicroBlock block = new MicroBlock(this, owner, top, cursor, bytes);
    zero(cursor, bytes);
    top = block;
    cursor = next;
    if (next > touched) {
      touch(next);
    }
    return block;
  }

  private @Nullable MicroBlock callocElsewhere(Object owner, long bytes) {
    if (!open || bytes < 0 || bytes > (long) (pages - reserved) * Pages.PAGE_BYTES) {
      return null;
    }
    if (limit != NOTHING) {
      return callocBetween(owner, bytes);
    }
    start = slab.take(shelf);
    cursor = start;
    touched = start;
    limit = start + (long) (pages - reserved) * Pages.PAGE_BYTES;
    return calloc(owner, bytes);
  }

  /**
   * A block in the place of dead ones, for want of room on top. It has to be above all that its
   * owner has, whose newest is freed first.
   */
  private @Nullable MicroBlock callocBetween(Object owner, long bytes) {
    MicroBlock above = top;
    while (above != null && above.owner() != owner) {
      MicroBlock dead = above.below();
      MicroBlock below = dead;
      long from = above.start();
      while (below != null && !below.isLive()) {
        from = below.start();
        below = below.below();
      }
      if (below != dead && above.start() - from >= bytes) {
        MicroBlock block = new MicroBlock(this, owner, below, from, bytes);
        above.below(block);
        zero(from, bytes);
        return block;
      }
      above = below;
    }
    return null;
  }

  private void touch(long next) {
    touched = next;
    highWater = Math.max(highWater, usedPages());
  }

  /** Gives its pages back if no block is left; the next block takes others. */
  void releaseIfIdle() {
    if (top == null && limit != NOTHING) {
      limit = NOTHING;
      slab.give(shelf, start, pagesIn(touched - start));
      start = 0;
      cursor = 0;
      touched = 0;
    }
  }

  // ---- rings

  /** Sets the pages of a ring aside; returns false if there are not as many. */
  boolean reserveRing() {
    if (usedPages() + ByteRing.PAGES > pages) {
      return false;
    }
    reserved += ByteRing.PAGES;
    highWater = Math.max(highWater, usedPages());
    limit -= limit == NOTHING ? 0 : ByteRing.BYTES;
    return true;
  }

  void unreserveRing() {
    reserved -= ByteRing.PAGES;
    limit += limit == NOTHING ? 0 : ByteRing.BYTES;
  }

  /** Memory for what a ring is to hold, which has anything in it. */
  long takeRing() {
    long address = slab.takeRing();
    ringsHeld++;
    return address;
  }

  /** A ring has memory that it did not take here. */
  void adoptedRing() {
    ringsHeld++;
  }

  void giveRing(long address) {
    ringsHeld--;
    slab.giveRing(address);
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

  /** Frees every block of {@code owner}; returns false if one is in use, and stays. */
  boolean freeAll(Object owner) {
    boolean all = true;
    for (MicroBlock block = top; block != null; block = block.below()) {
      if (block.owner() == owner && block.isLive()) {
        all &= block.tryRevoke();
      }
    }
    popDead();
    return all;
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

  /**
   * Gives the memory back in one step; every block is dead. If an operation has one of them, the
   * memory is not given back at all, rather than to somebody else.
   */
  void close() {
    if (!open) {
      return;
    }
    open = false;
    boolean all = true;
    for (MicroBlock block = top; block != null; block = block.below()) {
      all &= !block.isLive() || block.tryRevoke();
    }
    top = null;
    if (all) {
      releaseIfIdle();
    } else {
      slab.abandoned();
    }
    slab.closed(this);
  }

  boolean isOpen() {
    return open;
  }

  @Override
  public String toString() {
    return "micro-heap of "
        + pages
        + " pages, "
        + usedPages()
        + " in use, "
        + highWaterPages()
        + " at most";
  }
}
