// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine.codegen;

import dev.weft.routine.Routine;
import org.jspecify.annotations.Nullable;

/**
 * What a thread hands to the woven code that it runs: the way that results, failures and the news
 * "I have suspended" take. One serves all routines of a thread, which keeps them small; none of its
 * values outlives a call of {@link Routine#go}.
 *
 * <p>The fields are for woven code, and for pairs of methods written by hand. Such a pair is a
 * method {@code R m(A)}, which suspends as unwoven code does, and a method {@code R m(A, Context)},
 * which sets {@link #suspended} and returns anything; what its caller receives in its place is the
 * result that whoever resumes the routine has put into the field of that type.
 */
public final class Context {
  private final Refusal refusal;

  /**
   * What ends a wait that woven code has begun, and can't suspend for: there was no memory for the
   * frame of one of the calls.
   */
  public interface Refusal {
    /**
     * Ends the wait that the routine has just begun, at once, and puts into the context what the
     * call that waited comes to: its result, if it has one all the same, or its {@link #failure}.
     * What this throws is taken for the failure.
     *
     * @param context that the routine runs with
     * @param why it can't suspend
     */
    void refused(Context context, Throwable why);
  }

  /**
   * A context for one thread at a time, with which a call that suspends, and can't for want of
   * memory, throws what says so.
   */
  public Context() {
    this((context, why) -> context.failure = why);
  }

  /**
   * A context for one thread at a time.
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

  /** What the call that is awaited has thrown, or null. */
  public @Nullable Throwable failure;

  // ---- the frames made since the routine went on; null if one suspended again that was there

  /** The first of them, which is to be resumed. */
  @Nullable public Frame leaf;

  /** The last of them. */
  @Nullable public Frame tail;

  // ---- where the routine that has thrown last had gone on from

  /** The frame that the routine had gone on from. */
  @Nullable public Frame rewindTo;

  /** The label that was in it. */
  public int rewindLabel;

  /**
   * The result that is a reference, which is forgotten here.
   *
   * @return {@link #result}
   */
  public @Nullable Object takeResult() {
    Object taken = result;
    result = null;
    return taken;
  }

  /**
   * Throws what the awaited call has thrown: where woven code goes on begins with this, inside the
   * handlers that the call is in.
   */
  public void resumed() {
    if (failure != null) {
      fail();
    }
  }

  /**
   * Has the calls go on that have suspended, since one of their callers, which calls this, could
   * not make its frame: the innermost is the call that waits, and gets what the wait comes to; each
   * of the others gets what the one in it has returned or thrown, as after a suspension. They are
   * suspended in their frames, and the caller is on the stack. For woven code.
   *
   * @return true if one of them has suspended again: the caller has to try once more to make its
   *     frame. If not, what it has called has returned, and left its result here, or thrown, as
   *     this does
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
      leaf = resumed.label < 0 ? above : resumed; // or what it called last needs no frame
      tail = leaf == null ? null : last;
      return;
    }
    if (below != resumed) { // it has left its place to what it called last
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

  /** The compiler is told that it is a {@code T}, which at run time nobody asks. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> T unchecked(@Nullable Throwable thrown) throws T {
    throw (T) thrown;
  }

  /** Forgets a suspension that an exception has overtaken. */
  public void reset() {
    suspended = false;
    leaf = null;
    tail = null;
  }
}
