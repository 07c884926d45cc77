// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.mem.Pages;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Memory for the heaps of many micro-processes, from one mapping. A heap that is given back is kept
 * for the next process that wants as many pages, so that starting and ending processes maps and
 * unmaps nothing once it has settled. When the mapping is used up, another of the same size is
 * added.
 *
 * <p>Not thread-safe: it belongs to whoever runs the processes.
 */
public final class MicroSlab implements AutoCloseable {
  /** Bytes of a slab that nobody has given a size: 160 processes of 26 pages. */
  static final long DEFAULT_BYTES = 16L << 20;

  /** Heaps of one number of pages that wait for their next process, last in first out. */
  private static final class Shelf {
    long[] addresses = new long[16];
    int count;

    void put(long address) {
      if (count == addresses.length) {
        addresses = java.util.Arrays.copyOf(addresses, count * 2);
      }
      addresses[count++] = address;
    }
  }

  private final List<Pages> mappings = new ArrayList<>();
  private final Map<Integer, Shelf> shelves = new HashMap<>();
  private final long bytes;
  private final boolean huge;
  private long unused;
  private long end;
  private int heaps;

  private MicroSlab(long bytes, boolean huge) {
    this.bytes = bytes;
    this.huge = huge;
    map(bytes);
  }

  /**
   * Maps a slab of pages of the ordinary size.
   *
   * @param bytes how much; what is never used costs address space only, unless a ring registers it
   * @return a slab, to be closed after the last of its heaps
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static MicroSlab open(long bytes) {
    return new MicroSlab(bytes, false);
  }

  /**
   * Maps a slab of huge pages: reserved ones if there are any, else transparent ones if the kernel
   * likes.
   *
   * @param bytes how much, rounded up to 2 MiB
   * @return a slab, to be closed after the last of its heaps
   * @throws OutOfMemoryError if the kernel refuses
   */
  public static MicroSlab openHuge(long bytes) {
    return new MicroSlab(bytes, true);
  }

  static MicroSlab open(long bytes, boolean huge) {
    return new MicroSlab(bytes, huge);
  }

  private void map(long wanted) {
    Pages mapping = Pages.map(wanted, huge);
    mappings.add(mapping);
    unused = mapping.address();
    end = unused + mapping.bytes();
  }

  /** The first mapping, which is what a ring registers. */
  Pages first() {
    return mappings.getFirst();
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

  /** A heap of {@code pages} pages; closing it gives it back. */
  MicroHeap heap(int pages) {
    if (pages <= 0) {
      throw new IllegalArgumentException("a micro-heap has at least one page, not " + pages);
    }
    Shelf shelf = shelves.computeIfAbsent(pages, size -> new Shelf());
    long address = shelf.count > 0 ? shelf.addresses[--shelf.count] : carve(pages);
    heaps++;
    return new MicroHeap(this, address, pages);
  }

  private long carve(int pages) {
    long wanted = (long) pages * Pages.PAGE_BYTES;
    if (end - unused < wanted) {
      map(Math.max(bytes, wanted));
    }
    long address = unused;
    unused += wanted;
    return address;
  }

  void give(long address, int pages) {
    heaps--;
    Shelf shelf = shelves.get(pages);
    assert shelf != null : pages;
    shelf.put(address);
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
    mappings.forEach(Pages::close);
    mappings.clear();
    shelves.clear();
    unused = 0;
    end = 0;
  }
}
