// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * What is left to do when a wait has ended: it makes what the call that waited returns or throws.
 * It is one object for all waits of a kind, and is the last thing that the call does, so that woven
 * a wait takes no frame.
 */
public abstract class WaitCompletion {
  /** Of a wait that comes to nothing but its end. */
  static final WaitCompletion NONE =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          strand.waited(suspended);
          return null;
        }
      };

  protected WaitCompletion() {}

  /**
   * The result of the wait of {@code strand} that has just ended; calls {@link Strand#waited}.
   *
   * @param suspended false if the strand could not be suspended
   */
  public abstract @Nullable Object resultOf(Strand strand, boolean suspended);

  /** Gives the result to woven code. No method of the kinds, which would be a call more. */
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

  /** One that makes a number. */
  abstract static class OfInt extends WaitCompletion {
    abstract int number(Strand strand, boolean suspended);

    @Override
    public @Nullable Object resultOf(Strand strand, boolean suspended) {
      throw new AssertionError("asked for as an object");
    }
  }
}
