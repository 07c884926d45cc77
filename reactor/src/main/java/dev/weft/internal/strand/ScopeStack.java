// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/** The scopes that a strand is in, and what they mean for its next wait. */
final class ScopeStack {
  private @Nullable Scope innermost;

  /** The nearest deadline of them. */
  private long deadline;

  /** What a strand has from the scope that it was started in: the deadline that is always there. */
  private final long inheritedDeadline;

  /** The scope that has failed, if that is to be noticed here. */
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

  /** Whether a wait that lets itself be ended must not begin: cancelled, or a scope has failed. */
  boolean mustUnwind(boolean cancelled) {
    return failed != null || (cancelled && !isShielded());
  }

  /** The nearer of a call's own deadline and the scopes'. */
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
   * The scope whose deadline is the nearest one; of several with the same deadline the outermost.
   * Null if it is the deadline that the strand was started with.
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
        break; // no scope further out has to do with the deadlines in force here
      }
    }
    return found;
  }

  /** The failure to be noticed here, unless the strand is cancelled, which comes first. */
  @Nullable RuntimeException failure(boolean cancelled) {
    boolean cancelledHere = cancelled && !isShielded();
    return failed != null && !cancelledHere ? failed.failure() : null;
  }
}
