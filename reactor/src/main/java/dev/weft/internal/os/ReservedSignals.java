// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import org.jspecify.annotations.Nullable;

/** Signals that the system, the JVM or the JDK needs, so that they are not caught. */
final class ReservedSignals {
  /**
   * The number of the signal by which HotSpot suspends threads is in this variable, if it is set.
   */
  private static final String SUSPEND_VARIABLE = "_JAVA_SR_SIGNUM";

  private ReservedSignals() {}

  /** Why the signal of that name, without "SIG", can't be caught; null if it can. */
  static @Nullable String reason(String name) {
    return switch (name) {
      case "KILL", "STOP" -> "the system lets no process handle it";
      case "SEGV", "BUS", "ILL", "FPE", "TRAP" ->
          "the JVM handles the faults of its own code by it";
      case "RT28" -> "the JDK interrupts blocked threads by it"; // SIGRTMAX - 2
      case "USR2" -> suspension("12", true);
      case "USR1" -> suspension("10", false);
      default -> null;
    };
  }

  /** Whether the JVM has a handler of that signal, but one that does nothing. */
  static boolean isIgnored(String name) {
    return name.equals("PIPE") || name.equals("XFSZ");
  }

  private static @Nullable String suspension(String number, boolean byDefault) {
    String chosen = System.getenv(SUSPEND_VARIABLE);
    boolean suspends = chosen == null ? byDefault : chosen.equals(number);
    return suspends
        ? "the JVM suspends threads by it; another one can be set in " + SUSPEND_VARIABLE
        : null;
  }
}
