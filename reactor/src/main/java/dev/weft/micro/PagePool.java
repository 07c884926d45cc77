// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Pages;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/**
 * Memory for the heaps and the rings of many micro-processes, from one mapping. They have runs of
 * its pages while something is in them, and what is given back is kept for the next that wants as
 * many pages, so that it maps and unmaps nothing once it has settled. When the mapping is used up,
 * another of the same size is added.
 *
 * <p>Pages that nobody has stay resident, but not more than {@link #IDLE_PAGES_MAX}.
 *
 * <p>Not thread-safe: it belongs to whoever runs the processes.
 */
public final class PagePool implements AutoCloseable {
  /** Bytes of a slab that nobody has given a size: 160 processes of 26 pages. */
  static final long DEFAULT_BYTES = 16L << 20;

  /** So many pages that nobody has are not given back to the system: 16 MiB. */
  static final int IDLE_PAGES_MAX = 4096;

  private final ArrayList<Pages> mappings = new ArrayList<>();
  private final Map<Integer, PageRunFreeList> shelves = new HashMap<>();
  private final PageRunFreeList rings = shelf(ByteRing.PAGES);
  private final long bytes;
  private final boolean huge;
  private long unused;
  private long end;
  private int heaps;

  private boolean isAbandoned;

  /** The resident pages of runs that nobody has, at most. */
  private int idlePages;

  /** The pages of runs that somebody has. */
  private long takenPages;

  private PagePool(long bytes, boolean huge) {
    this.bytes = bytes;
    this.huge = huge;
    map(bytes);
  }

  /**
   * Maps a slab of pages of the ordinary size.
   *
   * @param bytes how much; what is never used costs address space only
   * @return a slab, to be closed after the last of its heaps
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static PagePool open(long bytes) {
    return new PagePool(bytes, false);
  }

  /**
   * Maps a slab of huge pages: reserved ones if there are any, else transparent ones if the kernel
   * likes.
   *
   * @param bytes how much, rounded up to 2 MiB
   * @return a slab, to be closed after the last of its heaps
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static PagePool openHuge(long bytes) {
    return new PagePool(bytes, true);
  }

  static PagePool open(long bytes, boolean huge) {
    return new PagePool(bytes, huge);
  }

  private void map(long size) {
    mappings.ensureCapacity(mappings.size() + 1);
    Pages mapping = Pages.map(size, huge);
    mappings.add(mapping);
    unused = mapping.address();
    end = unused + mapping.bytes();
  }

  /** How many times the kernel has been asked for memory. */
  int mappings() {
    return mappings.size();
  }

  /**
   * The heaps that are in use.
   *
   * @return how many have been opened and not given back
   */
  public int heaps() {
    return heaps;
  }

  /** How many pages the runs have that somebody has. */
  long takenPages() {
    return takenPages;
  }

  /** How many pages of runs that nobody has may be resident. */
  int idlePages() {
    return idlePages;
  }

  /** A heap of {@code pages} pages, which it takes with its first block; to be closed. */
  MicroHeap heap(int pages) {
    if (pages <= 0) {
      throw new IllegalArgumentException("a micro-heap has at least one page, not " + pages);
    }
    MicroHeap heap = new MicroHeap(this, pages);
    heaps++;
    return heap;
  }

  void closed(MicroHeap heap) {
    assert !heap.isOpen() : heap;
    heaps--;
  }

  /** Some of its pages are in use for good: none of its memory may be unmapped. */
  void abandoned() {
    isAbandoned = true;
  }

  // ---- runs of pages

  PageRunFreeList shelf(int pages) {
    return shelves.computeIfAbsent(pages, PageRunFreeList::new);
  }

  /** The address of a run of pages that have anything in them. */
  long take(PageRunFreeList shelf) {
    if (shelf.isEmpty()) {
      shelf.reserve();
      long address = carve(shelf.pages);
      shelf.made();
      takenPages += shelf.pages;
      return address;
    }
    takenPages += shelf.pages;
    idlePages -= shelf.nextTouched();
    return shelf.take();
  }

  /** Takes a run back of which the first {@code touchedPages} pages have been touched. */
  void give(PageRunFreeList shelf, long address, int touchedPages) {
    takenPages -= shelf.pages;
    shelf.put(address, touchedPages);
    idlePages += touchedPages;
    while (idlePages > IDLE_PAGES_MAX && !huge && shelf.hasResident()) {
      idlePages -= shelf.discardOldest();
    }
  }

  long takeRing() {
    return take(rings);
  }

  void giveRing(long address) {
    give(rings, address, ByteRing.PAGES);
  }

  private long carve(int pages) {
    long size = (long) pages * Pages.PAGE_BYTES;
    if (end - unused < size) {
      map(Math.max(bytes, size));
    }
    long address = unused;
    unused += size;
    return address;
  }

  /**
   * Unmaps it.
   *
   * @throws IllegalStateException if a process still has a heap of it
   */
  @Override
  public void close() {
    if (heaps > 0) {
      throw new IllegalStateException(heaps + " micro-heaps of this slab are in use");
    }
    if (!isAbandoned) {
      mappings.forEach(Pages::close);
    }
    mappings.clear();
    shelves.clear();
    unused = 0;
    end = 0;
  }
}
