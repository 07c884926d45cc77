// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/** Failures of one process in the runtime's own code, as opposed to faults of its threads. */
final class ProcessFailures {
  /** After more failures than this, its threads are no longer ended in order. */
  private static final int COUNT_MAX = 3;

  private int count;
  private @Nullable Throwable first;
  private boolean isReported;

  /** Counts a failure; returns whether there have been too many. Allocates nothing. */
  boolean add(Throwable failure) {
    if (first == null) {
      first = failure;
    }
    return ++count > COUNT_MAX;
  }

  /** Makes the next failure one too many. */
  void exhaust() {
    count = COUNT_MAX;
  }

  /** Reports the first failure, once: in the log, and to the reactor's handler. */
  void report(ProcessControl process) {
    Throwable failure = first;
    if (failure == null || isReported) {
      return;
    }
    isReported = true;
    process.report("failed, and is ended: " + ThreadLog.describe(failure));
    MicroDispatcher dispatcher = process.dispatcher;
    if (dispatcher != null) {
      dispatcher.throwInFiber("micro-process " + process.id(), failure);
    }
  }

  /** Resets the context, which all processes share, after the code that used it has failed. */
  static void clear(Context context) {
    context.reset();
    context.failure = null;
    context.result = null;
  }
}
