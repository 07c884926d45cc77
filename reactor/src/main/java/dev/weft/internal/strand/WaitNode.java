// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/**
 * A node of a {@link WaitList}: a waiting strand and the value that is passed to or from it. A
 * strand that waits for several things has a node for each; the first that fires removes the others
 * from their lists.
 */
public final class WaitNode {
  private final Strand strand;

  /** Whether the node is in a list. */
  boolean isListed;

  /** The list that the node is in, or was in last. */
  @Nullable WaitList list;

  @Nullable WaitNode next;
  @Nullable WaitNode previous;

  /** The value that the waiter sends or receives, as agreed with the code that fires the node. */
  public @Nullable Object value;

  /** How the wait ended, if it can end in several ways; zero before it ends. */
  public int outcome;

  /** The index of the node among those of a select. */
  public int index;

  /** Makes a node of {@code strand}. */
  public WaitNode(Strand strand) {
    this.strand = strand;
  }

  public Strand strand() {
    return strand;
  }

  public boolean isListed() {
    return isListed;
  }

  /** Removes the node from its list, if it is in one. */
  void withdraw() {
    if (isListed && list != null) {
      list.remove(this);
    }
  }

  /** Ends the strand's wait, with this node as the one that fired. */
  public void fire() {
    strand.waiting.fire(this);
  }
}
