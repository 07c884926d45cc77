// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine.codegen;

import org.jspecify.annotations.Nullable;

/**
 * One suspended activation of a woven method: where it resumes, and its live state. The weaver
 * generates a subclass for each method, with fields for that state; only {@link
 * dev.weft.routine.Routine} is extended by hand.
 */
public abstract class Frame {
  /** The caller's frame. In a routine, which is the outermost frame, the frame to be resumed. */
  @Nullable public Frame parent;

  /**
   * The number of the call that it waits for; 0 before the first. Negative if it only has to return
   * what that call returns (a tail call).
   */
  public int label;

  /** Creates a frame that has not suspended yet. */
  protected Frame() {}

  /**
   * Continues after call {@link #label}, until the method returns or suspends again.
   *
   * @param context holds the outcome of that call, and receives the outcome of this one
   * @throws Exception what the method throws
   */
  public abstract void resume(Context context) throws Exception;

  /** {@return the place of the call that it waits for, as a stack trace element} */
  public abstract StackTraceElement where();

  /**
   * Adds this new frame above the frame of the call that suspended.
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
    // Stores no reference unless there are new frames: the collector's barrier would cost more
    // than the rest of a switch.
    if (context.tail != null) {
      context.tail.parent = this;
      context.tail = this;
    }
  }
}
