// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

/** How a wait can end, and what can end it. */
public enum WaitMode {
  /** An external event (a peer, a signal, another thread) or a cancel can end the wait. */
  EXTERNAL,
  /** Only another strand or a cancel can end it: if all strands wait so, they are deadlocked. */
  INTERNAL,
  /** As {@link #EXTERNAL}, but neither a cancel nor a deadline ends it: for cleaning up. */
  SHIELDED,
  /** As {@link #SHIELDED}, for a wait for cancelled strands: only their end can end it. */
  CLOSING,
  /** As {@link #CLOSING}, but the strand may wait for the waiter: a deadlock ends it. */
  JOINING;

  /** Whether only another strand can end it. */
  boolean isInternal() {
    return this != EXTERNAL && this != SHIELDED;
  }

  boolean isShielded() {
    return this == SHIELDED || this == CLOSING || this == JOINING;
  }
}
