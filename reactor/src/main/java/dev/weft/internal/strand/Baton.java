// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Who may run: the loop, or the strand to which it has handed the baton. The loop can take the
 * baton back from a strand that is blocked in code that is not Weft's, see {@link #takeBack}.
 *
 * <p>The strand announces each call of Weft by {@link #enter}. The count of these calls is part of
 * the word by which the baton changes hands: what the loop has seen of the strand's stack holds
 * only while no such call has begun.
 */
final class Baton {
  private static final long LOOP = 0;
  private static final long STRAND = 1;

  /** The loop has taken the baton from the strand. */
  private static final long TAKEN_BACK = 2;

  private static final long HOLDER_MASK = 3;
  private static final long ENTRY = 4;
  private static final VarHandle WORD;

  static {
    try {
      WORD = MethodHandles.lookup().findVarHandle(Baton.class, "word", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The holder, and above it the count of the strand's calls of Weft. */
  private volatile long word = LOOP;

  /** Called by the loop, which holds it. */
  void handToStrand() {
    hand(STRAND);
  }

  /** Called by the strand, which holds it. */
  void handToLoop() {
    hand(LOOP);
  }

  // Only the holder calls it, and while the loop can take the baton back, the strand is in no call.
  private void hand(long holder) {
    WORD.setVolatile(this, with(word, holder));
  }

  boolean isStrands() {
    return (word & HOLDER_MASK) == STRAND;
  }

  /** What to give to {@link #takeBack}; to be read before the state of the strand's thread. */
  long look() {
    return word;
  }

  /**
   * Takes the baton from the strand, which was blocked outside of Weft after {@code look}, unless
   * it has called Weft since then or handed the baton over by itself.
   *
   * @return whether the loop has the baton now
   */
  boolean takeBack(long look) {
    return (look & HOLDER_MASK) == STRAND && WORD.compareAndSet(this, look, with(look, TAKEN_BACK));
  }

  /**
   * Called by the strand when it begins a call of Weft.
   *
   * @return false if the loop has taken the baton back, and the strand must wait for it
   */
  boolean enter() {
    return ((long) WORD.getAndAdd(this, ENTRY) & HOLDER_MASK) != TAKEN_BACK;
  }

  private static long with(long word, long holder) {
    return (word & ~HOLDER_MASK) | holder;
  }
}
