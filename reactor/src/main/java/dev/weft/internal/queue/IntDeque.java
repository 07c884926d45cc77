// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

/**
 * Double-ended queue of ints: descriptors, or the slots of strands or micro-threads. It holds ints,
 * because storing a reference costs a GC barrier, which would be the most expensive part of a
 * switch.
 */
public class IntDeque {
  /** No number. */
  public static final int NONE = -1;

  /** A ring buffer whose length is a power of two. */
  private int[] ids = new int[16];

  // ---- counters that may overflow: only their difference and low bits are used
  private int head;
  private int tail;

  /** Makes an empty queue. */
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

  /** Removes and returns the first number, or {@link #NONE} if the queue is empty. */
  public final int poll() {
    return head == tail ? NONE : ids[head++ & (ids.length - 1)];
  }

  public final boolean isEmpty() {
    return head == tail;
  }

  public final int size() {
    return tail - head;
  }

  /** The number at {@code index}; the first is at 0. */
  public final int at(int index) {
    return ids[(head + index) & (ids.length - 1)];
  }

  /** Removes and returns the number at {@code index}. */
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

  /** Allocates before it changes anything, so that without memory the queue stays as it was. */
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
