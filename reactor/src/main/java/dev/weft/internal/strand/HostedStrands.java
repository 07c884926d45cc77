// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The strands of a loop that others of its strands run. */
final class HostedStrands {
  private @Nullable HostedStrand first;
  private int waiting;

  void add(HostedStrand guest) {
    guest.next = first;
    if (first != null) {
      first.previous = guest;
    }
    first = guest;
  }

  void remove(HostedStrand guest) {
    HostedStrand before = guest.previous;
    HostedStrand after = guest.next;
    if (before == null) {
      first = after;
    } else {
      before.next = after;
    }
    if (after != null) {
      after.previous = before;
    }
  }

  /** How many of them wait. */
  int waiting() {
    return waiting;
  }

  void waits() {
    waiting++;
  }

  void goesOn() {
    waiting--;
  }

  void forEach(Consumer<HostedStrand> action) {
    for (HostedStrand guest = first; guest != null; ) {
      HostedStrand next = guest.next;
      action.accept(guest);
      guest = next;
    }
  }

  /** Calls {@code action} with those whose wait has not ended. */
  void forEachWaiting(Consumer<? super HostedStrand> action) {
    for (HostedStrand guest = first; guest != null; ) {
      HostedStrand next = guest.next;
      if (guest.state == Strand.State.PARKED) {
        action.accept(guest);
      }
      guest = next;
    }
  }
}
