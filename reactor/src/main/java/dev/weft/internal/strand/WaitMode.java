// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

/** How a wait may end, and who could end it. */
public enum WaitMode {
  /** Something outside may end it (a peer, a signal, another thread), and so may a cancel. */
  EXTERNAL,
  /** Only another strand can end it, or a cancel: if all wait like this, they are deadlocked. */
  INTERNAL,
  /** As OUTSIDE, but neither a cancel nor a deadline reaches it: for cleaning up. */
  SHIELDED,
  /** As SHIELDED, for strands that have been told to end: if those can't, nobody can. */
  CLOSING,
  /** As CLOSING, but it may wait for a strand that waits for this one: a deadlock ends it. */
  JOINING;

  /** Whether only another strand can end it. */
  boolean isInternal() {
    return this != EXTERNAL && this != SHIELDED;
  }

  boolean isShielded() {
    return this == SHIELDED || this == CLOSING || this == JOINING;
  }
}
