// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.Locale;

/**
 * How a reactor runs fibers that have a stack, which are those whose task has not been woven.
 * Fibers of both kinds behave the same.
 */
public enum FiberKind {
  /**
   * Each fiber is a virtual thread that the reactor schedules, where the JVM allows it; otherwise
   * {@link #BATON}.
   */
  SCHEDULED,

  /**
   * Each fiber is a virtual thread of the JDK's own scheduler that runs only while the reactor
   * waits for it. Switching is about a hundred times slower; it needs no access to JVM internals.
   */
  BATON;

  /** The system property that sets the default kind: {@code scheduled} or {@code baton}. */
  private static final String PROPERTY = "dev.weft.fibers";

  /** The system property that makes woven tasks run on stacks too. */
  private static final String STACKFUL = "dev.weft.stackful";

  static boolean stackfulConfigured() {
    return Boolean.getBoolean(STACKFUL);
  }

  static FiberKind configured() {
    String value = System.getProperty(PROPERTY, "scheduled");
    return switch (value.toLowerCase(Locale.ROOT)) {
      case "scheduled" -> SCHEDULED;
      case "baton" -> BATON;
      default ->
          throw new IllegalArgumentException(
              "the system property " + PROPERTY + " must be scheduled or baton: " + value);
    };
  }
}
