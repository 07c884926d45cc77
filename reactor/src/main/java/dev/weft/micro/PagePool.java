// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Pages;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/**
 * Pool of memory pages for the heaps and rings of many micro-processes, carved from one mapping.
 * Heaps and rings take runs of pages while they are in use. A released run is kept for the next
 * request of the same length, so nothing is mapped or unmapped in the steady state. When the
 * mapping is used up, another of the same size is added.
 *
 * <p>Free pages stay resident, up to {@link #IDLE_PAGES_MAX}.
 *
 * <p>Not thread-safe: it belongs to the thread that runs the processes.
 */
public final class PagePool implements AutoCloseable {
  /** The default size of a pool in bytes: 160 processes of 26 pages. */
  static final long DEFAULT_BYTES = 16L << 20;

  /** How many free pages stay resident before pages are returned to the system: 16 MiB. */
  static final int IDLE_PAGES_MAX = 4096;

  private final ArrayList<Pages> mappings = new ArrayList<>();
  private final Map<Integer, PageRunFreeList> freeLists = new HashMap<>();
  private final PageRunFreeList rings = freeList(ByteRing.PAGES);
  private final long bytes;
  private final boolean huge;
  private long unused;
  private long end;
  private int heaps;

  private boolean isAbandoned;

  /** An upper bound of the resident pages of free runs. */
  private int idlePages;

  /** The pages of runs that are in use. */
  private long takenPages;

  private PagePool(long bytes, boolean huge) {
    this.bytes = bytes;
    this.huge = huge;
    map(bytes);
  }

  /**
   * Opens a pool of ordinary pages (4096 bytes).
   *
   * @param bytes the size of its mapping; pages that are never used cost only address space
   * @return a pool, to be closed after the last of its heaps
   * @throws OutOfMemoryError if the kernel refuses the mapping
   */
  public static PagePool open(long bytes) {
    return new PagePool(bytes, false);
  }

  /**
   * Opens a pool of huge pages: reserved ones if there are any, otherwise transparent ones if the
   * kernel grants them.
   *
   * @param bytes the size of its mapping, rounded up to 2 MiB
   * @return a pool, to be closed after the last of its heaps
   * @throws OutOfMemoryError if the kernel refuses the mapping
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

  /** The number of mappings. */
  int mappings() {
    return mappings.size();
  }

  /** {@return how many heaps have been opened and not closed} */
  public int heaps() {
    return heaps;
  }

  /** How many pages are in runs that are in use. */
  long takenPages() {
    return takenPages;
  }

  /** An upper bound of the resident pages of free runs. */
  int idlePages() {
    return idlePages;
  }

  /**
   * Opens a heap of {@code pages} pages, which it takes with its first block; the caller closes it.
   */
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

  /** Marks some pages as in use for good, so that no memory is unmapped. */
  void abandoned() {
    isAbandoned = true;
  }

  // ---- runs of pages

  PageRunFreeList freeList(int pages) {
    return freeLists.computeIfAbsent(pages, PageRunFreeList::new);
  }

  /** Takes a run of pages, with arbitrary contents; returns its address. */
  long take(PageRunFreeList freeList) {
    if (freeList.isEmpty()) {
      freeList.reserve();
      long address = carve(freeList.pages);
      freeList.made();
      takenPages += freeList.pages;
      return address;
    }
    takenPages += freeList.pages;
    idlePages -= freeList.nextTouched();
    return freeList.take();
  }

  /** Releases a run, of which the first {@code touchedPages} pages have been touched. */
  void give(PageRunFreeList freeList, long address, int touchedPages) {
    takenPages -= freeList.pages;
    freeList.put(address, touchedPages);
    idlePages += touchedPages;
    while (idlePages > IDLE_PAGES_MAX && !huge && freeList.hasResident()) {
      idlePages -= freeList.discardOldest();
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
   * Unmaps the memory.
   *
   * @throws IllegalStateException if a heap of the pool is still open
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
    freeLists.clear();
    unused = 0;
    end = 0;
  }
}
