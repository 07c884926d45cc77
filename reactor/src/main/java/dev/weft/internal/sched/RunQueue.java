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

  boolean isEmpty() {
    return first == null;
  }

  int size() {
    return size;
  }
}
