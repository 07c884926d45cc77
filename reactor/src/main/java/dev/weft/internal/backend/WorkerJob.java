// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import org.jspecify.annotations.Nullable;

/** Work that can block, for one of the {@link WorkerThreads}. */
public abstract class WorkerJob {
  /** The next job in a queue. */
  @Nullable WorkerJob next;

  /** At least 0, or -errno. */
  public int result;

  /** Carries out the work and sets the result, on a worker's thread. Throws nothing. */
  public abstract void run();

  /** Takes the next job from this one, which can be submitted again then. */
  public final @Nullable WorkerJob takeNext() {
    WorkerJob found = next;
    next = null;
    return found;
  }
}
