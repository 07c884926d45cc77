// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Collects the exceptions of the default uncaught exception handler while it is open. */
public final class Uncaught implements AutoCloseable {
  private final Thread.UncaughtExceptionHandler before =
      Thread.getDefaultUncaughtExceptionHandler();
  private final List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());

  /** Begins to collect. */
  public Uncaught() {
    this(false);
  }

  /** Begins to collect; if {@code fails}, the handler throws after it has collected. */
  public Uncaught(boolean fails) {
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          failures.add(failure);
          if (fails) {
            throw new IllegalStateException("the handler has failed");
          }
        });
  }

  /** The messages of the exceptions so far. */
  public List<String> messages() {
    synchronized (failures) {
      return failures.stream().map(Throwable::getMessage).toList();
    }
  }

  @Override
  public void close() {
    Thread.setDefaultUncaughtExceptionHandler(before);
  }
}
