// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** A resource that a strand holds and must release before it ends, such as a lock. */
public abstract class HeldResource {
  private @Nullable HeldResource nextHeld;

  /** Releases the resource; called on the strand that is about to end without having done so. */
  public abstract void releaseAbandoned();

  /** Records that {@code strand} holds this resource. */
  public final void acquireBy(Strand strand) {
    nextHeld = strand.heldResources;
    strand.heldResources = this;
  }

  /** Records that {@code strand} no longer holds this resource. */
  public final void releaseBy(Strand strand) {
    HeldResource before = null;
    for (HeldResource held = strand.heldResources; held != this; held = held.nextHeld) {
      assert held != null : this;
      before = held;
    }
    if (before == null) {
      strand.heldResources = nextHeld;
    } else {
      before.nextHeld = nextHeld;
    }
    nextHeld = null;
  }
}
