// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import java.util.Arrays;

/**
 * Free list of page runs of one length: last in, first out, so that a taken run is likely to be in
 * the processor's caches. When too many pages are resident, the oldest runs are discarded first:
 * the runs from the bottom up to {@code discarded} have no memory.
 */
public final class PageRunFreeList {
  /** The length of its runs. */
  final int pages;

  private long[] addresses = new long[16];

  /** How many pages of each run have been touched, counted from its start. */
  private int[] touched = new int[16];

  private int count;

  /** How many runs of this length exist, free or in use: the arrays have room for all of them. */
  private int runs;

  /** How many runs, from the bottom, are not resident. */
  private int discarded;

  PageRunFreeList(int pages) {
    this.pages = pages;
  }

  /** The length of its runs, in pages. */
  public int pages() {
    return pages;
  }

  boolean isEmpty() {
    return count == 0;
  }

  boolean hasResident() {
    return discarded < count;
  }

  /** Makes room for one more run, so that releasing it allocates nothing. */
  void reserve() {
    if (runs == touched.length) {
      addresses = Arrays.copyOf(addresses, runs * 2);
      touched = Arrays.copyOf(touched, runs * 2);
    }
  }

  /** Counts a new run, for which room has been made. */
  void made() {
    runs++;
  }

  void put(long address, int touchedPages) {
    addresses[count] = address;
    touched[count++] = touchedPages;
  }

  /** How many pages of the run that {@link #take} returns next may be resident. */
  int nextTouched() {
    return discarded < count ? touched[count - 1] : 0;
  }

  long take() {
    long address = addresses[--count];
    discarded = Math.min(discarded, count);
    return address;
  }

  /** Discards the oldest resident run; returns how many pages it had resident. */
  int discardOldest() {
    int pagesThen = touched[discarded];
    if (pagesThen > 0) {
      Pages.discard(addresses[discarded], (long) pagesThen * Pages.PAGE_BYTES);
    }
    discarded++;
    return pagesThen;
  }
}
