// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.routine.Blocks;

/** Waits for the end of threads that are about to end. */
public final class ThreadEnd {
  private ThreadEnd() {}

  /**
   * Blocks until {@code thread} has ended, whether or not the calling thread is interrupted, whose
   * interrupt status stays set.
   */
  @Blocks
  public static void await(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
