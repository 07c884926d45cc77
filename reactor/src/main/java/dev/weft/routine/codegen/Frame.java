// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine.codegen;

import dev.weft.routine.Routine;
import org.jspecify.annotations.Nullable;

/**
 * One suspended activation of a woven method: where it goes on, and what it needs for that. The
 * weaver makes a subclass for each method, with fields of the types that the method needs; only
 * {@link Routine} is extended by hand.
 */
public abstract class Frame {
  /** The caller's frame. In a routine, which is the outermost frame, the one to be resumed. */
  @Nullable public Frame parent;

  /**
   * The number of the call that it waits for; 0 before the first. Negative once it has nothing left
   * to do but to return what that call returns.
   */
  public int label;

  /** A frame that has not suspended yet. */
  protected Frame() {}

  /**
   * Goes on after call {@link #label}, until the method returns or suspends again.
   *
   * @param context has what the call has returned or thrown, and takes what this one does
   * @throws Exception what the method throws
   */
  public abstract void resume(Context context) throws Exception;

  /**
   * The place of the call that it waits for.
   *
   * @return as in a stack trace
   */
  public abstract StackTraceElement where();

  /**
   * Adds this frame, which is new, above that of the call that suspended.
   *
   * @param context the thread's
   * @param at the number of that call
   */
  public final void save(Context context, int at) {
    label = at;
    if (context.tail == null) {
      context.leaf = this;
    } else {
      context.tail.parent = this;
    }
    context.tail = this;
  }

  /**
   * Keeps this frame, which was resumed and suspends again.
   *
   * @param context the thread's
   * @param at the number of the call that suspended
   */
  public final void again(Context context, int at) {
    label = at;
    // No reference is stored unless it has called something new: the collector's barrier would cost
    // more than all the rest of a switch.
    if (context.tail != null) {
      context.tail.parent = this;
      context.tail = this;
    }
  }
}
