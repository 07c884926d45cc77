// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.failure.Failures;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** How the children of one bundle have failed, and who has been told. */
final class BundleFailures {
  private final Bundle bundle;
  private final @Nullable Consumer<? super Throwable> onFailure;

  /** Of the first child that failed; what came later is suppressed in it. Null if none has. */
  private @Nullable TaskFailedException failure;

  private @Nullable FiberState firstFailed;

  /** Whether {@link #failure} has been thrown where it belongs. */
  private boolean delivered;

  /** The first child that a deadline of the bundle has ended, or null. */
  private @Nullable FiberState firstExpired;

  BundleFailures(Bundle bundle, @Nullable Consumer<? super Throwable> onFailure) {
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

  /** Notes what {@code child} has thrown; returns whether the bundle fails because of it. */
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

  /** Whether {@code thrown} is what the end of a scope makes calls throw, and nothing else. */
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

  /** Adds what the handler has thrown, unless it is no more than what it was given. */
  private void suppress(Throwable given, Throwable thrown) {
    if (failure != null && thrown != given) {
      Failures.suppress(failure, thrown);
    }
  }

  /**
   * What a call throws that ends because a child has failed. Not the same object twice: a
   * try-with-resources statement can't suppress an exception in itself.
   *
   * @param deliver whether it is thrown where it belongs, so that the bundle's close need not throw
   */
  TaskFailedException toThrow(boolean deliver) {
    TaskFailedException first = failure;
    assert first != null;
    if (deliver && !delivered) {
      delivered = true;
      return first; // to which those that fail later are added
    }
    Throwable cause = first.getCause();
    TaskFailedException again =
        new TaskFailedException("" + first.getMessage(), cause == null ? first : cause);
    for (Throwable later : first.getSuppressed()) {
      again.addSuppressed(later);
    }
    return again;
  }

  /** The failure that has not been delivered, which it is now; null if there is none. */
  @Nullable TaskFailedException takeUndelivered() {
    return failure == null || delivered ? null : toThrow(true);
  }

  /** The fiber of the first child that failed. */
  Fiber firstFailed() {
    assert firstFailed != null;
    return firstFailed.fiber;
  }

  /** Throws what close is to tell. */
  void throwUndelivered() {
    TaskFailedException undelivered = takeUndelivered();
    if (undelivered != null) {
      throw undelivered;
    }
    if (failure == null && firstExpired != null) {
      ScopeExpiredException expired =
          new ScopeExpiredException(
              firstExpired + " had not ended by the deadline of " + bundle, bundle);
      if (firstExpired.failure != null) {
        expired.initCause(firstExpired.failure);
      }
      throw expired;
    }
  }
}
