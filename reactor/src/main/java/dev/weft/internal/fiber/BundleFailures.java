// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.error.CancelledException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.failure.Failures;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The failures of one bundle's children, and whether they have been delivered. */
public final class BundleFailures {
  /** The user's object, for messages. */
  private final Object bundle;

  private final @Nullable Consumer<? super Throwable> onFailure;

  /**
   * The failure of the first child that failed, with later ones suppressed in it; null if none has.
   */
  private @Nullable TaskFailedException failure;

  private @Nullable FiberState firstFailed;

  /** Whether {@link #failure} has been thrown to the fiber that must handle it. */
  private boolean delivered;

  /** The first child that a deadline of the bundle has ended, or null. */
  private @Nullable FiberState firstExpired;

  BundleFailures(Object bundle, @Nullable Consumer<? super Throwable> onFailure) {
    this.bundle = bundle;
    this.onFailure = onFailure;
  }

  boolean exist() {
    return failure != null;
  }

  /** Whether a deadline of the bundle has ended a child. */
  boolean includeExpiry() {
    return firstExpired != null;
  }

  /** Records what {@code child} has thrown; returns whether it makes the bundle fail. */
  boolean add(FiberState child, Throwable thrown, boolean hasExpired) {
    if (hasExpired && isExpiry(thrown)) {
      firstExpired = firstExpired == null ? child : firstExpired;
      return false;
    }
    if (onFailure == null) {
      return fail(child, thrown);
    }
    try {
      onFailure.accept(thrown);
      return false;
    } catch (Throwable e) {
      boolean first = fail(child, thrown);
      suppress(thrown, e);
      return first;
    }
  }

  /** Whether {@code thrown} comes only from the expiry of a scope. */
  private static boolean isExpiry(Throwable thrown) {
    return thrown instanceof ScopeExpiredException
        && Failures.allMatch(
            thrown, e -> e instanceof ScopeExpiredException || e instanceof CancelledException);
  }

  private boolean fail(FiberState child, Throwable thrown) {
    if (failure != null) {
      Failures.suppress(failure, thrown);
      return false;
    }
    firstFailed = child;
    failure = new TaskFailedException(child + " failed: " + Failures.text(thrown), thrown);
    return true;
  }

  /** Adds what the handler has thrown, unless it rethrew its argument. */
  private void suppress(Throwable given, Throwable thrown) {
    if (failure != null && thrown != given) {
      Failures.suppress(failure, thrown);
    }
  }

  /**
   * Returns the exception for a call that ends because a child has failed. It is a new object each
   * time: a try-with-resources statement can't suppress an exception in itself.
   *
   * @param deliver whether the fiber that must handle it gets it, so that close need not throw
   */
  TaskFailedException toThrow(boolean deliver) {
    TaskFailedException first = failure;
    assert first != null;
    if (deliver && !delivered) {
      delivered = true;
      return first; // later failures are added to this object
    }
    Throwable cause = first.getCause();
    TaskFailedException again =
        new TaskFailedException("" + first.getMessage(), cause == null ? first : cause);
    for (Throwable later : first.getSuppressed()) {
      again.addSuppressed(later);
    }
    return again;
  }

  /** Returns the undelivered failure and marks it delivered; null if there is none. */
  @Nullable TaskFailedException takeUndelivered() {
    return failure == null || delivered ? null : toThrow(true);
  }

  /** The fiber of the first child that failed. */
  Object firstFailed() {
    assert firstFailed != null;
    return firstFailed.fiber();
  }

  /** Throws what close must report: an undelivered failure, or else the expiry. */
  public void throwUndelivered() {
    TaskFailedException undelivered = takeUndelivered();
    if (undelivered != null) {
      throw undelivered;
    }
    if (failure == null && firstExpired != null) {
      ScopeExpiredException expired =
          new ScopeExpiredException(
              firstExpired + " had not ended by the deadline of " + bundle, bundle);
      if (firstExpired.failure() != null) {
        expired.initCause(firstExpired.failure());
      }
      throw expired;
    }
  }
}
