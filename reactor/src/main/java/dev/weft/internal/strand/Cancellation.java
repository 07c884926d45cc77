// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.failure.UncaughtFailures;
import java.util.function.Consumer;

/**
 * Actions that cancel each strand of a loop. They are made in advance, because they are needed when
 * memory may be exhausted. A failure with one strand does not affect the next.
 */
final class Cancellation {
  /** Calls {@link Strand#cancel}. */
  static final Consumer<Strand> CANCEL = Cancellation::cancel;

  /** Calls {@link Strand#forceCancel}. */
  static final Consumer<Strand> FORCE_CANCEL = Cancellation::forceCancel;

  private Cancellation() {}

  private static void cancel(Strand strand) {
    try {
      strand.cancel();
    } catch (Throwable e) { // such as from interrupting its thread
      UncaughtFailures.report(e);
    }
  }

  private static void forceCancel(Strand strand) {
    try {
      strand.waiting.forceCancel();
    } catch (Throwable e) {
      UncaughtFailures.report(e);
    }
  }
}
