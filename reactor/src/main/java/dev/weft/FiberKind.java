// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.Locale;

/**
 * How the fibers of a reactor are run that have a stack: those whose task has not been woven. Their
 * meaning is the same.
 */
public enum FiberKind {
  /**
   * Each fiber is a virtual thread that the reactor schedules, where the JVM allows it; otherwise
   * {@link #BATON}.
   */
  SCHEDULED,

  /**
   * Each fiber is a virtual thread of the JDK's own scheduler that runs only while the reactor
   * waits for it. Some hundred times slower to switch; needs nothing of the JVM.
   */
  BATON;

  /** The system property that chooses the default kind: {@code scheduled} or {@code baton}. */
  private static final String PROPERTY = "dev.weft.fibers";

  /** The system property that has woven tasks run on stacks too. */
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
