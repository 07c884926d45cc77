// SPDX-License-Identifier: Apache-2.0
package dev.weft.weave;

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
  /** A context for one thread at a time. */
  public Context() {}

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
  @Nullable Frame leaf;

  /** The last of them. */
  @Nullable Frame tail;

  // ---- where the routine that has thrown last had gone on from

  @Nullable Frame rewindTo;

  int rewindLabel;

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
