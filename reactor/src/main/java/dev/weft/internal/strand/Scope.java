// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.TimerQueue;
import org.jspecify.annotations.Nullable;

/**
 * A dynamic extent of a strand's code that has its own deadline, can fail as a whole, or is
 * shielded from cancels, deadlines and failures outside it. Scopes nest.
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
   * @param shield whether cancels, deadlines and failures outside it have no effect inside
   */
  protected Scope(long deadline, boolean shield) {
    this.ownDeadline = deadline;
    this.shield = shield;
  }

  /** The scope around this one, of the same strand; null if it is the outermost. */
  public final @Nullable Scope outer() {
    return outer;
  }

  public final long deadline() {
    return deadline;
  }

  /** The exception that the strand's waits throw in the scope once it has failed. */
  protected abstract RuntimeException failure();

  /** The object that users know the scope as, for messages. */
  protected Object subject() {
    return this;
  }

  final void enteredFrom(@Nullable Scope outer) {
    this.outer = outer;
    shielded = shield;
    deadline = ownDeadline;
    if (outer != null) {
      shielded |= outer.shielded;
      // A shield has only its own deadline, but one inside another can't outlast that.
      if (!shield || outer.shielded) {
        deadline = Math.min(ownDeadline, outer.deadline);
      }
    }
  }
}
