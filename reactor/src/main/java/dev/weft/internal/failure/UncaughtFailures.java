// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.failure;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Where failures go that no caller waits for: of a listener, a task, a handler. They are given to
 * the uncaught exception handler of the calling thread, and if that fails as well, to the logger
 * {@code dev.weft}. A failure that neither takes, because memory is exhausted, is counted, and the
 * next report says how many were lost. Any thread.
 */
public final class UncaughtFailures {
  private static final AtomicInteger UNREPORTED = new AtomicInteger();

  private UncaughtFailures() {}

  /** Loads this class: where it is needed, there may be no memory to load one. */
  public static void prepare() {}

  /** Reports {@code failure}. Throws nothing, whatever the handler does. */
  public static void report(Throwable failure) {
    try {
      reportUnreported();
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, failure);
    } catch (Throwable handlerFailure) {
      log(failure, handlerFailure);
    }
  }

  private static void log(Throwable failure, Throwable handlerFailure) {
    try {
      System.Logger logger = System.getLogger("dev.weft");
      logger.log(System.Logger.Level.ERROR, "uncaught failure", failure);
      logger.log(
          System.Logger.Level.ERROR,
          "the uncaught exception handler of " + Thread.currentThread() + " has failed as well",
          handlerFailure);
    } catch (Throwable e) {
      UNREPORTED.incrementAndGet();
    }
  }

  private static void reportUnreported() {
    int count = UNREPORTED.get();
    if (count > 0) {
      System.getLogger("dev.weft")
          .log(System.Logger.Level.ERROR, count + " uncaught failures could not be reported");
      UNREPORTED.addAndGet(-count);
    }
  }
}
