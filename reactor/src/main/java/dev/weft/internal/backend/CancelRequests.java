// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import org.jspecify.annotations.Nullable;

/**
 * The operations whose cancel a backend has not begun, newest first. Linked through the operations,
 * since a cancel must not fail because memory is short: an operation is in one list at most.
 */
public final class CancelRequests {
  private @Nullable Op first;

  public boolean isEmpty() {
    return first == null;
  }

  /** Adds {@code op}, unless it is in a list. */
  public void add(Op op) {
    if (!op.cancelQueued) {
      op.cancelQueued = true;
      op.nextCancel = first;
      first = op;
    }
  }

  /** Removes the newest one; null if there is none. It can have completed and be in use again. */
  public @Nullable Op poll() {
    Op op = first;
    if (op != null) {
      first = op.nextCancel;
      op.nextCancel = null;
      op.cancelQueued = false;
    }
    return op;
  }
}
