// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/**
 * One thing that a strand waits for: its place in a {@link WaitList}, and what is handed over
 * there. A strand that waits for several at once has as many clauses; the first that fires takes
 * the others out of their lists.
 */
public final class WaitNode {
  private final Strand strand;

  /** Whether it is in a list. */
  boolean isListed;

  /** The list that it is in, or was in last. */
  @Nullable WaitList list;

  @Nullable WaitNode next;
  @Nullable WaitNode previous;

  /** What the waiter gives or gets; whoever fires the clause agrees with it on which. */
  public @Nullable Object value;

  /** How the wait ended, if there is more than one way that it may; zero before it does. */
  public int outcome;

  /** Which of the clauses of a choice it is. */
  public int index;

  /** Makes a clause of {@code strand}'s. */
  public WaitNode(Strand strand) {
    this.strand = strand;
  }

  public Strand strand() {
    return strand;
  }

  public boolean isListed() {
    return isListed;
  }

  /** Takes it out of the list that it is in, if it is in one. */
  void withdraw() {
    if (isListed && list != null) {
      list.remove(this);
    }
  }

  /** Ends the wait of its strand, which finds this to be the clause that fired. */
  public void fire() {
    strand.fire(this);
  }
}
