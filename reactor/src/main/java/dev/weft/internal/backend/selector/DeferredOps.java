// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.Op;
import org.jspecify.annotations.Nullable;

/** The operations beyond the size of the queue, in order: the first ones of chains. */
final class DeferredOps {
  @Nullable Op first;
  private @Nullable Op last;

  void add(Op head) {
    head.nextDeferred = null;
    if (last == null) {
      first = head;
    } else {
      last.nextDeferred = head;
    }
    last = head;
  }

  /** Removes the first one. */
  void remove(Op head) {
    assert head == first : head;
    first = head.nextDeferred;
    head.nextDeferred = null;
    if (first == null) {
      last = null;
    }
  }

  /** Whether one of a chain has been cancelled. */
  static boolean isAnyCancelled(Op head) {
    for (Op op = head; op != null; op = op.link()) {
      if (op.isCancelRequested()) {
        return true;
      }
    }
    return false;
  }
}
