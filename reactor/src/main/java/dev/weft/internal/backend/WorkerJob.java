// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;
import dev.weft.internal.failure.UncaughtFailures;
import org.jspecify.annotations.Nullable;

/** Work that can block, for one of the {@link WorkerThreads}. */
public abstract class WorkerJob {
  /** The next job in a queue. */
  @Nullable WorkerJob next;

  /** At least 0, or -errno. */
  public int result;

  /**
   * Carries out the work and sets the result, on a worker's thread. Whatever it throws, the
   * operation ends: its memory and its caller wait for that. What is not a lack of memory or of
   * descriptors is a fault, and is reported as well.
   */
  final void run() {
    try {
      result = perform();
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) { // a class can't be loaded
      result = -Errno.ENOMEM.code();
    } catch (Throwable e) {
      result = -Errno.EIO.code();
      UncaughtFailures.report(e);
    }
  }

  /** Carries out the work; returns at least 0, or -errno. */
  protected abstract int perform();

  /** Takes the next job from this one, which can be submitted again then. */
  public final @Nullable WorkerJob takeNext() {
    WorkerJob found = next;
    next = null;
    return found;
  }
}
