// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import org.junit.jupiter.api.Assertions;

/** JUnit's assertion of an exception, for code that suspends: JUnit itself is not woven. */
public final class Throwing {
  /** Code that is expected to throw. */
  @FunctionalInterface
  public interface Body {
    /** Throws. */
    void run() throws Throwable;
  }

  private Throwing() {}

  /** Null, passed by mistake where a value is required. */
  @SuppressWarnings({"NullAway", "TypeParameterUnusedInFormals"}) // null is the point
  public static <T> T nothing() {
    return null;
  }

  /** Returns what {@code body} throws, which must be a {@code type}. */
  public static <T extends Throwable> T assertThrows(Class<T> type, Body body) {
    Throwable thrown = null;
    try {
      body.run();
    } catch (Throwable e) {
      thrown = e;
    }
    Throwable found = thrown;
    return Assertions.assertThrows(
        type,
        () -> {
          if (found != null) {
            throw found;
          }
        });
  }
}
