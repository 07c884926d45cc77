// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.failure;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Handles exceptions that were caught elsewhere. Methods that call those of the user's exceptions
 * and other objects do not throw if these do.
 */
public final class Failures {
  private Failures() {}

  /** The result of {@code toString}; if that throws, the object's class and the exception's. */
  public static String text(Object object) {
    try {
      return String.valueOf(object.toString());
    } catch (Throwable e) {
      return object.getClass().getName() + " (its toString() threw " + e.getClass().getName() + ")";
    }
  }

  /**
   * Adds {@code other} to the suppressed exceptions of {@code primary}, unless they are the same
   * object, which {@link Throwable#addSuppressed} refuses.
   */
  public static void suppress(Throwable primary, Throwable other) {
    if (primary != other) {
      primary.addSuppressed(other);
    }
  }

  /** Whether {@code test} holds for {@code thrown} and for all that is suppressed in it. */
  public static boolean allMatch(Throwable thrown, Predicate<Throwable> test) {
    if (!test.test(thrown)) {
      return false;
    }
    Throwable[] suppressed = thrown.getSuppressed();
    return suppressed.length == 0 || allMatch(thrown, suppressed, test);
  }

  /** Suppressed exceptions can form cycles, so each is tested once. */
  private static boolean allMatch(
      Throwable first, Throwable[] suppressed, Predicate<Throwable> test) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    seen.add(first);
    Deque<Throwable> left = new ArrayDeque<>();
    Collections.addAll(left, suppressed);
    for (Throwable next; (next = left.poll()) != null; ) {
      if (seen.add(next)) {
        if (!test.test(next)) {
          return false;
        }
        Collections.addAll(left, next.getSuppressed());
      }
    }
    return true;
  }

  /** Loads this class, since there may be no memory to load it when it is needed. */
  public static void prepare() {}

  /** Throws {@code failure} as it is, checked or not; does nothing if it is null. */
  public static void throwIfAny(@Nullable Throwable failure) {
    if (failure != null) {
      throw unchecked(failure);
    }
  }

  /** Throws {@code failure} as it is, checked or not: {@code throw} ends the caller's path. */
  public static RuntimeException unchecked(Throwable failure) {
    throw Failures.<RuntimeException>cast(failure);
  }

  /** Casts to {@code T} for the compiler; the cast is unchecked at run time. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <T extends Throwable> T cast(Throwable failure) throws T {
    throw (T) failure;
  }
}
