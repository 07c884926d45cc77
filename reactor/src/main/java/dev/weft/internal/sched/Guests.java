// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The strands of a loop that others of its strands run. */
final class Guests {
  private @Nullable GuestStrand first;
  private int waiting;

  void add(GuestStrand guest) {
    guest.next = first;
    if (first != null) {
      first.previous = guest;
    }
    first = guest;
  }

  void remove(GuestStrand guest) {
    GuestStrand before = guest.previous;
    GuestStrand after = guest.next;
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

  void forEach(Consumer<GuestStrand> action) {
    for (GuestStrand guest = first; guest != null; ) {
      GuestStrand next = guest.next;
      action.accept(guest);
      guest = next;
    }
  }

  /** Calls {@code action} with those whose wait has not ended. */
  void forEachWaiting(Consumer<? super GuestStrand> action) {
    for (GuestStrand guest = first; guest != null; ) {
      GuestStrand next = guest.next;
      if (guest.state == Strand.State.PARKED) {
        action.accept(guest);
      }
      guest = next;
    }
  }
}
