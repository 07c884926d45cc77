// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.util.Arrays;

/**
 * A queue of threads by number, open at both ends. Numbers, since a reference that is stored costs
 * the collector's barrier, which would be the dearest part of a switch.
 */
final class RunRing {
  static final int NONE = -1;

  private int[] ids = new int[16];
  private int head;
  private int tail;

  void addLast(int id) {
    if (tail - head == ids.length) {
      grow();
    }
    ids[tail++ & (ids.length - 1)] = id;
  }

  void addFirst(int id) {
    if (tail - head == ids.length) {
      grow();
    }
    ids[--head & (ids.length - 1)] = id;
  }

  /** The first, or {@link #NONE}. */
  int poll() {
    return head == tail ? NONE : ids[head++ & (ids.length - 1)];
  }

  boolean isEmpty() {
    return head == tail;
  }

  int size() {
    return tail - head;
  }

  private void grow() {
    int size = ids.length;
    int[] larger = Arrays.copyOf(ids, size * 2);
    for (int i = 0; i < size; i++) {
      larger[i] = ids[(head + i) & (size - 1)];
    }
    ids = larger;
    head = 0;
    tail = size;
  }
}
