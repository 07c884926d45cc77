// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import org.jspecify.annotations.Nullable;

/** Strands that can run, first in, first out, linked through themselves. */
final class RunQueue {
  private @Nullable Strand first;
  private @Nullable Strand last;
  private int size;

  void add(Strand strand) {
    assert strand.nextReady == null && strand != last : "queued twice: " + strand;
    if (last == null) {
      first = strand;
    } else {
      last.nextReady = strand;
    }
    last = strand;
    size++;
  }

  @Nullable Strand poll() {
    Strand strand = first;
    if (strand != null) {
      first = strand.nextReady;
      strand.nextReady = null;
      if (first == null) {
        last = null;
      }
      size--;
    }
    return strand;
  }

  /**
   * As {@link #poll}, but any of them by the simulator's choice. One that has yielded comes after
   * all that were before it, which is what yielding promises.
   */
  @Nullable Strand pollAny(Simulator simulator) {
    if (first == null) {
      return null;
    }
    int eligible = 1;
    for (Strand strand = first.nextReady; strand != null; strand = strand.nextReady) {
      eligible += strand.hasYielded ? 0 : 1;
    }
    int chosen = simulator.choose(eligible);
    Strand before = null;
    Strand strand = first;
    while (chosen > 0) {
      before = strand;
      strand = strand.nextReady;
      assert strand != null;
      chosen -= strand.hasYielded ? 0 : 1;
    }
    if (before == null) {
      return poll();
    }
    before.nextReady = strand.nextReady;
    if (last == strand) {
      last = before;
    }
    strand.nextReady = null;
    size--;
    return strand;
  }

  @Nullable Strand first() {
    return first;
  }

  boolean isEmpty() {
    return first == null;
  }

  int size() {
    return size;
  }
}
