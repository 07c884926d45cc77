// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.strand.Strand;

/**
 * Ends all processes after their kernel has been cancelled or has failed. Whatever else fails
 * meanwhile, it does not return before the last of them has ended: what is in flight is in their
 * memory.
 */
final class CrashCleanup {
  /** So many failures in a row, and no more code of the processes is run. */
  private static final int KILLS_MAX = 3;

  /** So many, and the kernel's fiber does not try to suspend any more. */
  private static final int WAITS_MAX = 2 * KILLS_MAX;

  private final MicroDispatcher kernel;

  CrashCleanup(MicroDispatcher kernel) {
    this.kernel = kernel;
  }

  /**
   * Kills all processes, and waits until they have ended.
   *
   * @param cause why; gets what else fails
   */
  void clear(Strand strand, Throwable cause) {
    for (int failures = 0; kernel.hasProcesses(); failures++) {
      try {
        kernel.killAll();
        if (failures > KILLS_MAX) {
          kernel.breakAll(cause);
        }
        if (failures > WAITS_MAX) {
          kernel.loop().backend().poll(Backend.FOREVER); // all that is in flight is cancelled
          kernel.dispatchOnce();
        } else {
          kernel.runOut(strand);
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
      // The cause has to do by itself.
    }
  }
}
