// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import java.util.Arrays;

/**
 * Allocator of the slots of a table: numbers from 0 up, and freed ones first. It has room for the
 * slots of the whole table, so that freeing one allocates nothing.
 */
public final class SlotAllocator {
  /** A stack of the free slots. */
  private int[] free;

  private int freeCount;

  /** How many slots have ever been in use. */
  private int used;

  /** Creates an allocator of {@code capacity} slots. */
  public SlotAllocator(int capacity) {
    free = new int[capacity];
  }

  /** Whether all slots are in use, so that {@link #grow} must precede {@link #take}. */
  public boolean isFull() {
    return freeCount == 0 && used == free.length;
  }

  public int capacity() {
    return free.length;
  }

  /** Adds slots. If memory is short, throws and changes nothing. */
  public void grow(int capacity) {
    free = Arrays.copyOf(free, capacity);
  }

  /** Takes a slot; there must be one. */
  public int take() {
    return freeCount > 0 ? free[--freeCount] : used++;
  }

  public void free(int slot) {
    free[freeCount++] = slot;
  }

  /** One more than the highest slot that has been in use. */
  public int used() {
    return used;
  }

  /** How many slots are in use. */
  public int live() {
    return used - freeCount;
  }
}
