// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.failure;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Reports failures that no caller can catch: those of listeners, tasks and handlers. They go to the
 * uncaught exception handler of the calling thread, and if that fails too, to the logger {@code
 * dev.weft}. If both fail because memory is exhausted, the failure is counted, and the next report
 * logs how many were lost. Thread-safe.
 */
public final class UncaughtFailures {
  private static final AtomicInteger UNREPORTED = new AtomicInteger();

  private UncaughtFailures() {}

  /** Loads this class, since there may be no memory to load it when it is needed. */
  public static void prepare() {}

  /** Reports {@code failure}. Throws nothing, even if the handler does. */
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
