// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The list of a loop's hosted strands, and how many of them wait. */
final class HostedStrands {
  private @Nullable HostedStrand first;
  private int waiting;

  void add(HostedStrand strand) {
    strand.next = first;
    if (first != null) {
      first.previous = strand;
    }
    first = strand;
  }

  void remove(HostedStrand strand) {
    HostedStrand before = strand.previous;
    HostedStrand after = strand.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after != null) {
      after.previous = before;
    }
  }

  /** How many of the strands wait. */
  int waiting() {
    return waiting;
  }

  void waitBegan() {
    waiting++;
  }

  void waitEnded() {
    waiting--;
  }

  void forEach(Consumer<HostedStrand> action) {
    for (HostedStrand strand = first; strand != null; ) {
      HostedStrand next = strand.next;
      action.accept(strand);
      strand = next;
    }
  }

  /** Calls {@code action} with each strand whose wait has not ended. */
  void forEachWaiting(Consumer<? super HostedStrand> action) {
    for (HostedStrand strand = first; strand != null; ) {
      HostedStrand next = strand.next;
      if (strand.state == Strand.State.PARKED) {
        action.accept(strand);
      }
      strand = next;
    }
  }
}
