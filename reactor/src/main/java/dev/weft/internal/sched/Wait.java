// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

/** How a wait may end, and who could end it. */
public enum Wait {
  /** Something outside may end it (a peer, a signal, another thread), and so may a cancel. */
  OUTSIDE,
  /** Only another strand can end it, or a cancel: if all wait like this, they are deadlocked. */
  INSIDE,
  /** As OUTSIDE, but neither a cancel nor a deadline reaches it: for cleaning up. */
  SHIELDED,
  /** As SHIELDED, for strands that have been told to end: if those can't, nobody can. */
  CLOSING,
  /** As CLOSING, but it may wait for a strand that waits for this one: a deadlock ends it. */
  JOINING;

  /** Whether only another strand can end it. */
  boolean isInside() {
    return this != OUTSIDE && this != SHIELDED;
  }

  boolean isShielded() {
    return this == SHIELDED || this == CLOSING || this == JOINING;
  }
}
