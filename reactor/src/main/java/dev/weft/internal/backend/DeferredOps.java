// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import org.jspecify.annotations.Nullable;

/**
 * The operations that wait for room in a backend's queue, in order: the first ones of chains.
 * Linked through the operations, so that nothing is allocated.
 */
public final class DeferredOps {
  private @Nullable Op first;
  private @Nullable Op last;

  public boolean isEmpty() {
    return first == null;
  }

  /** The one that has waited longest, or null. */
  public @Nullable Op first() {
    return first;
  }

  public void add(Op head) {
    head.nextDeferred = null;
    if (last == null) {
      first = head;
    } else {
      last.nextDeferred = head;
    }
    last = head;
  }

  /** Removes the first one. */
  public void remove(Op head) {
    assert head == first : head;
    first = head.nextDeferred;
    head.nextDeferred = null;
    if (first == null) {
      last = null;
    }
  }
}
