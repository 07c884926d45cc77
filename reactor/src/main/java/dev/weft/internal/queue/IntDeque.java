// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

/**
 * A queue of numbers, open at both ends: of strands or of micro-threads. Numbers, since a reference
 * that is stored costs the collector's barrier, which would be the dearest part of a switch.
 */
public class IntDeque {
  /** No number. */
  public static final int NONE = -1;

  /** A ring whose length is a power of two. */
  private int[] ids = new int[16];

  // ---- counted without end: only their differences and last bits mean something
  private int head;
  private int tail;

  /** Makes an empty one. */
  public IntDeque() {}

  public final void addLast(int id) {
    if (tail - head == ids.length) {
      grow();
    }
    ids[tail++ & (ids.length - 1)] = id;
  }

  public final void addFirst(int id) {
    if (tail - head == ids.length) {
      grow();
    }
    ids[--head & (ids.length - 1)] = id;
  }

  /** The first, or {@link #NONE}. */
  public final int poll() {
    return head == tail ? NONE : ids[head++ & (ids.length - 1)];
  }

  public final boolean isEmpty() {
    return head == tail;
  }

  public final int size() {
    return tail - head;
  }

  /** The number at {@code index}, where the first is at 0. */
  public final int at(int index) {
    return ids[(head + index) & (ids.length - 1)];
  }

  /** Takes out the number at {@code index}. */
  public final int removeAt(int index) {
    int id = at(index);
    for (int i = index; i > 0; i--) {
      ids[(head + i) & (ids.length - 1)] = at(i - 1);
    }
    head++;
    return id;
  }

  /** Makes room for {@code count} numbers in all, so that adding them allocates nothing. */
  public final void reserve(int count) {
    if (count > ids.length) {
      resize(Integer.highestOneBit(count - 1) << 1);
    }
  }

  private void grow() {
    resize(ids.length * 2);
  }

  /** Allocates before anything changes: if there is no memory, the queue is as it was. */
  private void resize(int length) {
    int size = size();
    int[] larger = new int[length];
    for (int i = 0; i < size; i++) {
      larger[i] = at(i);
    }
    ids = larger;
    head = 0;
    tail = size;
  }
}
