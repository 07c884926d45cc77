// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/** What has gone wrong beneath the threads of one process, in the code that runs them. */
final class MicroFailures {
  /** After so many, to end its threads is not tried any more. */
  private static final int COUNT_MAX = 3;

  private int count;
  private @Nullable Throwable first;
  private boolean isReported;

  /** There has been another one; returns whether these are too many. Allocates nothing. */
  boolean add(Throwable failure) {
    if (first == null) {
      first = failure;
    }
    return ++count > COUNT_MAX;
  }

  /** The next one is too many. */
  void exhaust() {
    count = COUNT_MAX;
  }

  /** Reports the first, once: in the log, and to the reactor's handler. */
  void report(MicroProcess process) {
    Throwable failure = first;
    if (failure == null || isReported) {
      return;
    }
    isReported = true;
    process.report("failed, and is ended: " + ThreadLog.describe(failure));
    MicroDispatcher kernel = MicroDispatcher.of(process);
    if (kernel != null) {
      kernel.pass("micro-process " + process.id(), failure);
    }
  }

  /** Forgets what the code that has failed was to be told: all processes use one context. */
  static void clear(Context context) {
    context.reset();
    context.failure = null;
    context.result = null;
  }
}
