// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.failure.UncaughtFailures;
import java.util.function.Consumer;

/**
 * What ends every strand of a loop, one after the other. Made beforehand, since it is needed where
 * memory may be exhausted; a failure with one strand does not keep it from the next.
 */
final class Cancellation {
  /** Calls {@link Strand#cancel}. */
  static final Consumer<Strand> CANCEL = Cancellation::cancel;

  /** Calls {@link Strand#forceCancel}. */
  static final Consumer<Strand> GIVE_UP = Cancellation::forceCancel;

  private Cancellation() {}

  private static void cancel(Strand strand) {
    try {
      strand.cancel();
    } catch (Throwable e) { // such as of the interrupt of its thread
      UncaughtFailures.report(e);
    }
  }

  private static void forceCancel(Strand strand) {
    try {
      strand.forceCancel();
    } catch (Throwable e) {
      UncaughtFailures.report(e);
    }
  }
}
