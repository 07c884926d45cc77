// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;

/**
 * Pool of memory pages, carved from one mapping. Its users take runs of pages while they need them.
 * A released run is kept for the next request of the same length, so nothing is mapped or unmapped
 * in the steady state. When the mapping is used up, another of the same size is added.
 *
 * <p>Free pages stay resident, up to {@link #IDLE_PAGES_MAX}.
 *
 * <p>Not thread-safe.
 */
public final class PagePool implements AutoCloseable {
  /** How many free pages stay resident before pages are returned to the system: 16 MiB. */
  public static final int IDLE_PAGES_MAX = 4096;

  private final ArrayList<Pages> mappings = new ArrayList<>();
  private final Map<Integer, PageRunFreeList> freeLists = new HashMap<>();
  private final long bytes;
  private final boolean huge;
  private long unused;
  private long end;

  /** How many objects use the pool and have not been closed. */
  private int users;

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
   * Opens a pool, to be closed after the last of its users.
   *
   * @param bytes the size of its mapping; pages that are never used cost only address space
   * @param huge whether to use huge pages: reserved ones if there are any, otherwise transparent
   *     ones if the kernel grants them. The size is then rounded up to 2 MiB
   * @throws OutOfMemoryError if the kernel refuses the mapping
   */
  public static PagePool open(long bytes, boolean huge) {
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
  public int mappings() {
    return mappings.size();
  }

  /** How many pages are in runs that are in use. */
  public long takenPages() {
    return takenPages;
  }

  /** An upper bound of the resident pages of free runs. */
  public int idlePages() {
    return idlePages;
  }

  /** Counts a user: the pool can't be closed before {@link #userClosed}. */
  public void userOpened() {
    users++;
  }

  /** Counts that a user has been closed, which uses no pages any more. */
  public void userClosed() {
    assert users > 0;
    users--;
  }

  /** Marks some pages as permanently in use, so that no memory is unmapped. */
  public void abandoned() {
    isAbandoned = true;
  }

  // ---- runs of pages

  /** The free list of runs of {@code pages} pages. */
  public PageRunFreeList freeList(int pages) {
    return freeLists.computeIfAbsent(pages, PageRunFreeList::new);
  }

  /** Takes a run of pages, with arbitrary contents; returns its address. */
  public long take(PageRunFreeList freeList) {
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
  public void give(PageRunFreeList freeList, long address, int touchedPages) {
    takenPages -= freeList.pages;
    freeList.put(address, touchedPages);
    idlePages += touchedPages;
    while (idlePages > IDLE_PAGES_MAX && !huge && freeList.hasResident()) {
      idlePages -= freeList.discardOldest();
    }
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
   * @throws IllegalStateException if the pool still has a user
   */
  @Override
  public void close() {
    if (users > 0) {
      throw new IllegalStateException("the page pool has " + users + " users");
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
