// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.PagePool;
import dev.weft.internal.mem.PageRunFreeList;
import dev.weft.internal.mem.Pages;
import dev.weft.internal.micro.run.ProcessHeap;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * Memory of one micro-process: a stack of page-aligned blocks. The newest block is freed first, so
 * that fragmentation occurs only at the ends of pages, unless threads allocate alternately.
 *
 * <p>The owner and length of a block are stored outside the memory, where the owner can't overwrite
 * them. Each thread of the process frees its own blocks, its newest first. A block that is freed
 * while another thread's block lies above it can't be used any more; its pages are reused when the
 * blocks above are free, or by a block that does not fit on top.
 *
 * <p>The heap holds pages of the page pool from its first block on, until its process waits and no
 * block is left. The sockets of the process reserve pages of it even while they hold no bytes, so
 * that the number of pages bounds the memory of the process.
 */
public final class MicroHeap {
  static final int PAGE_BYTES = Pages.PAGE_BYTES;

  private static final int LINE_BYTES = 64;

  /** Value of {@link #limit} while the heap holds no pages; less than any cursor. */
  private static final long NOTHING = -1;

  private final PagePool pool;
  private final PageRunFreeList freeList;
  private final int pages;

  /** The address of its pages; 0 while it holds none. */
  private long start;

  private long cursor;

  /** The end of the pages that blocks may use; reserved pages lie above. */
  private long limit = NOTHING;

  /** The highest end of a block since it acquired these pages. */
  private long touched;

  /** How many pages are reserved for other things than blocks. */
  private int reserved;

  private int highWater;
  private @Nullable MicroBlock top;

  /** How many of the reserved pages are resident. */
  private int reservedResident;

  /** What its process may do with it. */
  final ProcessHeap control = new Control();

  /** Whether its process is running; its blocks may be accessed only then. */
  boolean active = true;

  private boolean open = true;

  /** Creates a heap of {@code pages} pages, which it takes with its first block. */
  MicroHeap(PagePool pool, int pages) {
    if (pages <= 0) {
      throw new IllegalArgumentException("a micro-heap has at least one page, not " + pages);
    }
    this.pool = pool;
    this.pages = pages;
    freeList = pool.freeList(pages);
    pool.userOpened();
  }

  /** {@return the size of this heap, in pages of 4096 bytes} */
  public int pages() {
    return pages;
  }

  /** {@return how many of its pages belong to a block or are reserved for a socket} */
  public int usedPages() {
    return reserved + pagesIn(cursor - start);
  }

  /** {@return the most pages that have been in use at the same time} */
  public int highWaterPages() {
    return highWater;
  }

  /**
   * {@return how many pages have been touched and not released, including those of sockets: none
   * while the process waits, no thread has a block and no socket holds bytes}
   */
  public int residentPages() {
    return pagesIn(touched - start) + reservedResident;
  }

  private static int pagesIn(long bytes) {
    return (int) (bytes / Pages.PAGE_BYTES);
  }

  /**
   * Allocates a zeroed block on top of the stack; null if {@link #neededPages} exceeds its pages.
   */
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
    start = pool.take(freeList);
    cursor = start;
    touched = start;
    limit = start + (long) (pages - reserved) * Pages.PAGE_BYTES;
    return calloc(owner, bytes);
  }

  /**
   * Allocates a block in the place of dead ones, because it does not fit on top. It has to be above
   * all blocks of its owner, whose newest is freed first.
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

  /** Releases its pages if no block is left; the next block acquires others. */
  void releaseIfIdle() {
    if (top == null && limit != NOTHING) {
      limit = NOTHING;
      pool.give(freeList, start, pagesIn(touched - start));
      start = 0;
      cursor = 0;
      touched = 0;
    }
  }

  // ---- calls by the process

  private final class Control implements ProcessHeap {
    @Override
    public boolean reservePages(int count) {
      if (usedPages() + count > pages) {
        return false;
      }
      reserved += count;
      highWater = Math.max(highWater, usedPages());
      limit -= limit == NOTHING ? 0 : (long) count * Pages.PAGE_BYTES;
      return true;
    }

    @Override
    public void unreservePages(int count) {
      reserved -= count;
      limit += limit == NOTHING ? 0 : (long) count * Pages.PAGE_BYTES;
    }

    @Override
    public void resident(int change) {
      reservedResident += change;
    }

    @Override
    public void active(boolean runs) {
      active = runs;
    }

    @Override
    public void releaseIfIdle() {
      MicroHeap.this.releaseIfIdle();
    }

    @Override
    public boolean freeAll(Object owner) {
      return MicroHeap.this.freeAll(owner);
    }

    @Override
    public void close() {
      MicroHeap.this.close();
    }

    @Override
    public boolean isOpen() {
      return open;
    }
  }

  /** Returns how many pages the heap would need for another block of {@code bytes}. */
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

  /**
   * Frees every block of {@code owner}; returns false if one is in use by an operation, and stays.
   */
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
      Memory.inPages(address, bytes).fill((byte) 0);
    } else if (bytes > 0) {
      // The rest of the line belongs to no other block, because this is the last one on its page.
      // Unrolled, since a loop takes six times as long.
      MemorySegment line = Memory.inPages(address, LINE_BYTES);
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
   * Releases the memory in one step; every block is dead. If an operation still uses a block, the
   * memory is never released, so that it can't be reused under the operation.
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
      pool.abandoned();
    }
    pool.userClosed();
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
