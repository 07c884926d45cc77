// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** Something that a strand holds for a while and must give back before it ends, such as a lock. */
public abstract class HeldResource {
  private @Nullable HeldResource nextHeld;

  /** Called on the strand that is about to end without having given it back. */
  public abstract void releaseAbandoned();

  /** Notes that {@code strand} has it. */
  public final void acquireBy(Strand strand) {
    nextHeld = strand.possessions;
    strand.possessions = this;
  }

  /** Notes that {@code strand} has it no more. */
  public final void releaseBy(Strand strand) {
    HeldResource before = null;
    for (HeldResource held = strand.possessions; held != this; held = held.nextHeld) {
      assert held != null : this;
      before = held;
    }
    if (before == null) {
      strand.possessions = nextHeld;
    } else {
      before.nextHeld = nextHeld;
    }
    nextHeld = null;
  }
}
