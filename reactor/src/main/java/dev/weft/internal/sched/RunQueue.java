// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import java.util.function.IntConsumer;

/** Strands that can run, by their numbers in a {@link StrandTable}: first in, first out. */
final class RunQueue {
  private final StrandTable table;

  /** A ring whose length is a power of two. */
  private int[] slots = new int[16];

  // ---- counted without end: only their differences and last bits mean something
  private int head;
  private int tail;

  RunQueue(StrandTable table) {
    this.table = table;
  }

  void add(int slot) {
    if (tail - head == slots.length) {
      grow();
    }
    slots[tail++ & (slots.length - 1)] = slot;
  }

  private void grow() {
    int size = slots.length;
    int[] larger = new int[size * 2];
    for (int i = 0; i < size; i++) {
      larger[i] = at(i);
    }
    slots = larger;
    head = 0;
    tail = size;
  }

  private int at(int index) {
    return slots[(head + index) & (slots.length - 1)];
  }

  /** Takes the first, or {@link StrandTable#NONE}. */
  int poll() {
    return head == tail ? StrandTable.NONE : slots[head++ & (slots.length - 1)];
  }

  /**
   * As {@link #poll}, but any of them by the simulator's choice. One that has yielded comes after
   * all that were before it, which is what yielding promises.
   */
  int pollAny(Simulator simulator) {
    if (isEmpty()) {
      return StrandTable.NONE;
    }
    int eligible = 1;
    for (int i = 1; i < size(); i++) {
      eligible += hasYielded(i) ? 0 : 1;
    }
    int index = 0;
    for (int chosen = simulator.choose(eligible); chosen > 0; ) {
      index++;
      chosen -= hasYielded(index) ? 0 : 1;
    }
    int slot = at(index);
    for (int i = index; i > 0; i--) {
      slots[(head + i) & (slots.length - 1)] = at(i - 1);
    }
    head++;
    return slot;
  }

  private boolean hasYielded(int index) {
    return table.at(at(index)).hasYielded;
  }

  boolean isEmpty() {
    return head == tail;
  }

  int size() {
    return tail - head;
  }

  void forEach(IntConsumer action) {
    for (int i = 0; i < size(); i++) {
      action.accept(at(i));
    }
  }
}
