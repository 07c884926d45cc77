// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.internal.uring.Features;

/**
 * Carries out operations for one reactor. Not thread-safe, except {@link #wakeup}.
 *
 * <p>The seam is the operation, not readiness: a ring copies its fields into an SQE, another
 * backend tries it and retries when ready, a simulator decides by seed.
 */
public abstract class Backend implements AutoCloseable {
  /** A timeout for {@link #poll}: until something completes. */
  public static final long FOREVER = Long.MAX_VALUE;

  private final BackendStats stats = new BackendStats();

  Backend() {} // its subclasses live in this package; none can be added outside

  /**
   * Makes an operation whose results {@code listener} gets. It belongs to the caller until
   * released.
   */
  public abstract Op create(Op.Listener listener);

  /** Takes an operation back. It must not be in flight. */
  public abstract void release(Op op);

  /**
   * Starts {@code op}, and what is linked behind it. Never blocks. It completes later, exactly once
   * (once per shot if multishot); only a control operation has completed when this returns, and its
   * listener is not told.
   */
  public abstract void submit(Op op);

  /** Asks {@code op} to stop. It still completes: with -ECANCELED, or with what it had achieved. */
  public abstract void cancel(Op op);

  /**
   * Hands over what is queued, waits up to {@code timeoutNanos} for a completion, delivers what is
   * ready.
   *
   * @return how many completions were delivered
   */
  public abstract int poll(long timeoutNanos);

  /** Ends a poll in progress, or the next one. Any thread. */
  public abstract void wakeup();

  public abstract Features features();

  /** How many operations of callers have not completed. */
  public abstract int inFlight();

  public final BackendStats stats() {
    return stats;
  }

  /** Cancels what is in flight, waits until all of it has completed, and lets go of the kernel. */
  @Override
  public abstract void close();
}
