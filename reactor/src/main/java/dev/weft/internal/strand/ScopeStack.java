// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** The stack of a strand's scopes, and their effect on its next wait. */
final class ScopeStack {
  private @Nullable Scope innermost;

  /** The nearest deadline in force. */
  private long deadline;

  /** The deadline of the scope that the strand was started in; always in force. */
  private final long inheritedDeadline;

  /** The outermost failed scope inside the innermost shield, or null. */
  private @Nullable Scope failed;

  ScopeStack(long inheritedDeadline) {
    this.inheritedDeadline = inheritedDeadline;
    deadline = inheritedDeadline;
  }

  @Nullable Scope innermost() {
    return innermost;
  }

  boolean isShielded() {
    return innermost != null && innermost.shielded;
  }

  /** Whether an unshielded wait must throw: the strand is cancelled or a scope has failed. */
  boolean mustUnwind(boolean cancelled) {
    return failed != null || (cancelled && !isShielded());
  }

  /** The nearer of {@code deadline} and the deadline of the scopes. */
  long effectiveDeadline(long deadline) {
    return Math.min(deadline, this.deadline);
  }

  void enter(Scope scope) {
    scope.enteredFrom(innermost);
    if (!scope.shielded) {
      scope.deadline = Math.min(scope.deadline, inheritedDeadline);
    }
    innermost = scope;
    update();
  }

  void leave(Scope scope) {
    assert scope == innermost : scope;
    innermost = scope.outer;
    update();
  }

  void update() {
    deadline = innermost == null ? inheritedDeadline : innermost.deadline;
    failed = null;
    for (Scope scope = innermost; scope != null; scope = scope.outer) {
      if (scope.failed) {
        failed = scope;
      }
      if (scope.shield) {
        break;
      }
    }
  }

  /**
   * The scope that has the nearest deadline; of several with the same deadline, the outermost. Null
   * if that is the deadline that the strand was started with.
   */
  @Nullable Scope nearestScope() {
    Scope found = null;
    if (deadline == inheritedDeadline && !isShielded()) {
      return null;
    }
    for (Scope scope = innermost; scope != null; scope = scope.outer) {
      if (scope.ownDeadline == deadline) {
        found = scope;
      }
      if (scope.deadline != deadline
          || (scope.shield && (scope.outer == null || !scope.outer.shielded))) {
        break; // scopes further out don't affect the deadline in force
      }
    }
    return found;
  }

  /** The failure of a scope, or null if none failed or a cancel takes precedence. */
  @Nullable RuntimeException failure(boolean cancelled) {
    boolean cancelledHere = cancelled && !isShielded();
    return failed != null && !cancelledHere ? failed.failure() : null;
  }
}
