// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * Computes the result of a waiting call when the wait has ended, or throws. There is one stateless
 * object for all waits of a kind. Parking with it is the last thing that the call does (a tail
 * call), so that woven code saves no frame.
 */
public abstract class WaitCompletion {
  /** For a wait without a result. */
  static final WaitCompletion NONE =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          strand.waiting.waited(suspended);
          return null;
        }
      };

  protected WaitCompletion() {}

  /**
   * Returns the result of the wait of {@code strand} that has just ended. Must call {@link
   * WaitState#waited}.
   *
   * @param suspended false if the strand could not be suspended
   */
  public abstract @Nullable Object resultOf(Strand strand, boolean suspended);

  /** Passes the result to woven code. Not virtual, which saves a call. */
  final void deliver(Strand strand, Context context, boolean suspended) {
    if (this instanceof OfInt maker) {
      context.intResult = maker.number(strand, suspended);
      return;
    }
    Object result = resultOf(strand, suspended);
    if (result != null) {
      context.result = result;
    }
  }

  /** A completion whose result is an int. */
  abstract static class OfInt extends WaitCompletion {
    abstract int number(Strand strand, boolean suspended);

    @Override
    public @Nullable Object resultOf(Strand strand, boolean suspended) {
      throw new AssertionError("asked for as an object");
    }
  }
}
