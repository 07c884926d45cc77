// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.strand.Strand;

/**
 * Ends all processes after their dispatcher has been cancelled or has failed. Whatever else fails
 * meanwhile, it returns only after the last process has ended, because operations in flight use the
 * processes' memory.
 */
final class CrashCleanup {
  /** After more failures in a row than this, no code of the processes is run any more. */
  private static final int KILLS_MAX = 3;

  /** After more failures than this, the dispatcher's fiber no longer tries to suspend. */
  private static final int WAITS_MAX = 2 * KILLS_MAX;

  private final MicroDispatcher dispatcher;

  CrashCleanup(MicroDispatcher dispatcher) {
    this.dispatcher = dispatcher;
  }

  /**
   * Kills all processes, and waits until they have ended.
   *
   * @param cause the original failure; later failures are added to it as suppressed
   */
  void clear(Strand strand, Throwable cause) {
    for (int failures = 0; dispatcher.hasProcesses(); failures++) {
      try {
        dispatcher.killAll();
        if (failures > KILLS_MAX) {
          dispatcher.abortAll(cause);
        }
        if (failures > WAITS_MAX) {
          dispatcher.loop().backend().poll(Backend.FOREVER); // all operations are cancelled
          dispatcher.dispatchOnce();
        } else {
          dispatcher.runOut(strand);
        }
      } catch (Throwable e) {
        if (failures <= WAITS_MAX) {
          add(cause, e);
        }
      }
    }
  }

  private static void add(Throwable cause, Throwable other) {
    try {
      if (other != cause) {
        cause.addSuppressed(other);
      }
    } catch (OutOfMemoryError e) {
      // The cause is reported without it.
    }
  }
}
