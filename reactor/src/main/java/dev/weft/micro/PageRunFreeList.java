// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Pages;
import java.util.Arrays;

/**
 * Runs of pages of one length that nobody has: last in, first out, so that what is taken is what
 * the processor's caches know. The oldest are discarded first, when too many are resident: from the
 * bottom up to a mark, they are only addresses.
 */
final class PageRunFreeList {
  final int pages;
  private long[] addresses = new long[16];

  /** How many pages of each have been touched, from its beginning. */
  private int[] touched = new int[16];

  private int count;

  /** How many runs of this length there are, wherever they are: there is room for all of them. */
  private int runs;

  /** How many, from the bottom, are not resident. */
  private int discarded;

  PageRunFreeList(int pages) {
    this.pages = pages;
  }

  boolean isEmpty() {
    return count == 0;
  }

  boolean hasResident() {
    return discarded < count;
  }

  /** Makes room for one run more, so that to put it back needs no memory. */
  void reserve() {
    if (runs == touched.length) {
      addresses = Arrays.copyOf(addresses, runs * 2);
      touched = Arrays.copyOf(touched, runs * 2);
    }
  }

  /** There is one run more, for which there is room. */
  void made() {
    runs++;
  }

  void put(long address, int touchedPages) {
    addresses[count] = address;
    touched[count++] = touchedPages;
  }

  /** The one that {@link #take} gives next. */
  int nextTouched() {
    return discarded < count ? touched[count - 1] : 0;
  }

  long take() {
    long address = addresses[--count];
    discarded = Math.min(discarded, count);
    return address;
  }

  /** Returns how many pages are not resident any more. */
  int discardOldest() {
    int pagesThen = touched[discarded];
    if (pagesThen > 0) {
      Pages.discard(addresses[discarded], (long) pagesThen * Pages.PAGE_BYTES);
    }
    discarded++;
    return pagesThen;
  }
}
