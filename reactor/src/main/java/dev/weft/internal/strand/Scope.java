// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.TimerQueue;
import org.jspecify.annotations.Nullable;

/**
 * A stretch of a strand's code that has a deadline of its own, or that may be told to end early, or
 * that is shielded from all such wishes from outside. Scopes nest.
 */
public abstract class Scope {
  /** Its own deadline, or {@link TimerQueue#NEVER}. */
  final long ownDeadline;

  final boolean shield;
  @Nullable Scope outer;

  /** The nearest deadline in force inside, this one's included. */
  long deadline = TimerQueue.NEVER;

  boolean shielded;
  boolean failed;

  /**
   * Makes a scope.
   *
   * @param deadline its deadline, or {@link TimerQueue#NEVER}
   * @param shield whether neither a cancel nor the deadlines and failures outside it reach in
   */
  protected Scope(long deadline, boolean shield) {
    this.ownDeadline = deadline;
    this.shield = shield;
  }

  /** The scope around this one, of the same strand; null if it is the outermost. */
  public final @Nullable Scope outer() {
    return outer;
  }

  public final long due() {
    return deadline;
  }

  /** What the strand's waits in a failed scope are to end with. */
  protected abstract RuntimeException failure();

  /** What users know the scope as, if not as itself; messages name it. */
  protected Object subject() {
    return this;
  }

  final void enteredFrom(@Nullable Scope outer) {
    this.outer = outer;
    shielded = shield;
    deadline = ownDeadline;
    if (outer != null) {
      shielded |= outer.shielded;
      // A shield has only its own limit; but one inside another can't outlast that.
      if (!shield || outer.shielded) {
        deadline = Math.min(ownDeadline, outer.deadline);
      }
    }
  }
}
