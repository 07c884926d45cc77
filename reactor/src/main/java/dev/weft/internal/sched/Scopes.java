// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import org.jspecify.annotations.Nullable;

/** The scopes that a strand is in, and what they mean for its next wait. */
final class Scopes {
  private @Nullable Scope innermost;

  /** The nearest deadline of them. */
  private long due;

  /** What a strand has from the scope that it was started in: the deadline that is always there. */
  private final long inheritedDue;

  /** The scope that has failed, if that is to be noticed here. */
  private @Nullable Scope failed;

  Scopes(long inheritedDue) {
    this.inheritedDue = inheritedDue;
    due = inheritedDue;
  }

  @Nullable Scope innermost() {
    return innermost;
  }

  boolean isShielded() {
    return innermost != null && innermost.shielded;
  }

  /** Whether a wait that lets itself be ended must not begin: cancelled, or a scope has failed. */
  boolean isOver(boolean cancelled) {
    return failed != null || (cancelled && !isShielded());
  }

  /** The nearer of a call's own deadline and the scopes'. */
  long nearest(long wanted) {
    return Math.min(wanted, due);
  }

  void enter(Scope scope) {
    scope.enteredFrom(innermost);
    if (!scope.shielded) {
      scope.due = Math.min(scope.due, inheritedDue);
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
    due = innermost == null ? inheritedDue : innermost.due;
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
    if (due == inheritedDue && !isShielded()) {
      return null;
    }
    for (Scope scope = innermost; scope != null; scope = scope.outer) {
      if (scope.ownDue == due) {
        found = scope;
      }
      if (scope.due != due || (scope.shield && (scope.outer == null || !scope.outer.shielded))) {
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
