// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.Wait;
import java.util.ArrayList;
import java.util.List;

/**
 * What is left when something went wrong beneath the threads of a process: that is what the reactor
 * is to report, and nothing that has been left lying about.
 */
final class MicroWreck {
  private final MicroKernel kernel;
  private final List<MicroProcess> broken = new ArrayList<>();

  MicroWreck(MicroKernel kernel) {
    this.kernel = kernel;
  }

  /**
   * Kills all processes but the one whose turn has failed, of which nothing runs any more, and
   * gives back what that one has.
   *
   * @param cause why; gets what else fails
   */
  void clear(Strand strand, Throwable cause) {
    MicroProcess process = kernel.takeBroken();
    boolean killed = false;
    while (!killed) {
      if (process != null) {
        process.breakOff();
        broken.add(process);
      }
      try {
        kernel.killAll(strand);
        killed = true;
      } catch (Throwable e) {
        add(cause, e);
        process = kernel.takeBroken();
        if (process == null) {
          process = kernel.takeAny(); // so that this ends
        }
      }
    }
    while (isInFlight()) {
      strand.await(kernel.idle(), "end", kernel, Deadline.NEVER.nanoTime(), Wait.SHIELDED);
    }
    for (MicroProcess left : broken) {
      try {
        left.discard();
      } catch (Throwable e) {
        add(cause, e);
      }
    }
  }

  /** The kernel may still write into what it has in hand. */
  private boolean isInFlight() {
    for (MicroProcess process : broken) {
      if (process.rings.areInFlight() || process.threads.areInCalls()) {
        process.isReady = false; // so that its next completion wakes us
        return true;
      }
    }
    return false;
  }

  private static void add(Throwable cause, Throwable other) {
    if (other != cause) {
      cause.addSuppressed(other);
    }
  }
}
