// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.failure;

import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Calls on exceptions and other objects of the user, whose methods may throw. Nothing here throws
 * because of that.
 */
public final class Failures {
  private Failures() {}

  /** What {@code object} calls itself; its class, and what went wrong, if that throws. */
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

  /** Suppressed exceptions may form circles, so each is looked at once. */
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
}
