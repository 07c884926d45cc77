// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine.codegen;

import dev.weft.internal.routine.InnerRoutine;
import org.jspecify.annotations.Nullable;

/**
 * Per-thread state of running woven code: passes results, failures and the suspended flag between
 * calls. One context serves all routines of a thread, which keeps them small. Its values are valid
 * only during a call of {@link dev.weft.routine.Routine#go}.
 *
 * <p>The fields are for woven code and for hand-written pairs of methods. Such a pair is a method
 * {@code R m(A)}, which suspends as unwoven code does, and a method {@code R m(A, Context)}, which
 * sets {@link #suspended} and returns any value. Its caller receives instead the result that the
 * resumer of the routine has put into the field of that type.
 */
public final class Context {
  private final Refusal refusal;

  /**
   * Ends a wait that woven code has begun but can't suspend for, because there was no memory for
   * the frame of one of the calls.
   */
  public interface Refusal {
    /**
     * Ends immediately the wait that the routine has just begun, and puts the outcome of the
     * waiting call into the context: its result, if it has one all the same, or its {@link
     * #failure}. An exception thrown here becomes the failure.
     *
     * @param context the context that the routine runs with
     * @param why why it can't suspend
     */
    void refused(Context context, Throwable why);
  }

  /**
   * Creates a context for one thread at a time. A call that can't suspend because memory is short
   * fails with the error of the allocation.
   */
  public Context() {
    this((context, why) -> context.failure = why);
  }

  /**
   * Creates a context for one thread at a time.
   *
   * @param refusal called by the thread whenever a routine could not suspend
   */
  public Context(Refusal refusal) {
    this.refusal = refusal;
  }

  /** Whether the call that has just returned did so in order to suspend. */
  public boolean suspended;

  /** A result of type int, or of a smaller type. */
  public int intResult;

  /** A result of type long. */
  public long longResult;

  /** A result of type float. */
  public float floatResult;

  /** A result of type double. */
  public double doubleResult;

  /** A result that is a reference. Woven code takes it by {@link #takeResult}. */
  public @Nullable Object result;

  /** What the awaited call has thrown, or null. */
  public @Nullable Throwable failure;

  /**
   * The innermost routine that runs with this context as a part of another, or null. Its type is
   * internal, and is not named where users could see it.
   */
  @Nullable public Object inner;

  // ---- the frames created since the routine was resumed; null if an existing one suspended again

  /** The first of them, which is to be resumed. */
  @Nullable public Frame leaf;

  /** The last of them. */
  @Nullable public Frame tail;

  // ---- where the routine that has thrown last had been resumed

  /** The frame in which the routine had been resumed. */
  @Nullable public Frame rewindTo;

  /** The label of that frame at the time. */
  public int rewindLabel;

  /** {@return {@link #result}, which is cleared} */
  public @Nullable Object takeResult() {
    Object taken = result;
    result = null;
    return taken;
  }

  /**
   * Throws what the awaited call has thrown. Woven code calls this first when it is resumed, inside
   * the exception handlers around the call.
   */
  public void resumed() {
    if (failure != null) {
      fail();
    }
  }

  /**
   * Resumes the suspended calls below the caller, which could not create its frame. The innermost
   * call gets the outcome of the ended wait; each of the others gets what the call in it has
   * returned or thrown, as after a suspension. These calls are suspended in their frames; the
   * caller is on the stack. For woven code.
   *
   * @return true if one of them has suspended again: the caller must try again to create its frame.
   *     False if the caller's call has returned and left its result here; if that call has thrown,
   *     this throws the same
   */
  public boolean refused() {
    Throwable why = failure;
    Frame frame = leaf;
    Frame last = tail;
    failure = null;
    reset();
    endWait(why);
    while (frame != null) {
      try {
        frame.resume(this);
      } catch (Throwable thrown) {
        reset();
        failure = thrown;
      }
      Frame above = frame == last ? null : frame.parent;
      if (suspended) {
        keep(frame, above, last);
        return true;
      }
      frame = above;
    }
    resumed();
    return false;
  }

  private void endWait(@Nullable Throwable why) {
    assert why != null : "woven code has failed and does not say why";
    InnerRoutine yielding = (InnerRoutine) inner;
    if (yielding != null && yielding.refuseYield(this, why)) {
      return;
    }
    try {
      refusal.refused(this, why);
    } catch (Throwable thrown) {
      failure = thrown;
    }
  }

  /** Puts the frames up to {@code last} above those of what {@code resumed} suspended in. */
  private void keep(Frame resumed, @Nullable Frame above, @Nullable Frame last) {
    Frame below = tail;
    if (below == null) {
      leaf = resumed.label < 0 ? above : resumed; // negative: a tail call, which needs no frame
      tail = leaf == null ? null : last;
      return;
    }
    if (below != resumed) { // it ended in a tail call
      below.parent = above;
    }
    if (below == resumed || above != null) {
      tail = last;
    }
  }

  private void fail() {
    Throwable thrown = failure;
    failure = null;
    throw Context.<RuntimeException>unchecked(thrown);
  }

  /** Casts to {@code T} for the compiler; the cast is unchecked at run time. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> T unchecked(@Nullable Throwable thrown) throws T {
    throw (T) thrown;
  }

  /** Discards a suspension because an exception was thrown instead. */
  public void reset() {
    suspended = false;
    leaf = null;
    tail = null;
  }
}
