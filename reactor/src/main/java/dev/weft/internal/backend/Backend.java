// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;
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

  /** Where the operations live that {@link #create} makes. */
  protected final OpTable table = new OpTable();

  /**
   * For the ring here, and for the simulator: this package is exported to the test kit alone, so
   * none can be added outside.
   */
  protected Backend() {}

  /**
   * Makes an operation whose results {@code listener} gets. It belongs to the caller until
   * released.
   */
  public final Op create(Op.Listener listener) {
    return table.create(listener);
  }

  /** Takes an operation back. It must not be in flight. */
  public final void release(Op op) {
    table.release(op);
  }

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

  /**
   * Opens the one set of buffers that {@link Op#receiveAny} takes from, so that who waits for bytes
   * holds no memory.
   *
   * @param count how many may be offered at a time, a power of two up to 32768
   * @return at least 0, or -errno: then there is no such receive
   */
  public int openReceiveBuffers(int count) {
    return -Errno.EOPNOTSUPP.code();
  }

  /**
   * Offers a buffer, which is the backend's until a result has its number ({@link Op#buffer}).
   *
   * @param number which is not on offer, from 0 to 65535
   */
  public void offerReceiveBuffer(int number, long address, int bytes) {
    throw new IllegalStateException("no receive buffers have been opened");
  }

  /** Takes back all that is on offer; no receive of them is in flight. */
  public void closeReceiveBuffers() {}

  /**
   * Announces an operation that may hold a worker of the kernel for as long as others like, such as
   * to open a named pipe: there are to be workers left for the others, who may be what it waits
   * for.
   */
  public void beginBlocking() {}

  /** The operation that was announced by {@link #beginBlocking} is over. */
  public void endBlocking() {}

  public abstract Features features();

  /** How many operations of callers have not completed. */
  public abstract int inFlight();

  public final BackendStats stats() {
    return stats;
  }

  // ---- the states of operations, for backends in other packages

  /** READY: {@code op} and what is linked behind it are taken, and wait for room. */
  protected static void defer(Op op) {
    for (Op member = op; member != null; member = member.link) {
      member.state = Op.State.READY;
      member.cancelRequested = false;
    }
  }

  /** IN_FLIGHT: {@code op} alone has been passed on. */
  protected static void begin(Op op) {
    op.generation++;
    op.state = Op.State.IN_FLIGHT;
    op.cancelRequested = false;
  }

  /** Notes that {@code op} is to stop; returns whether it has been passed on, so that it knows. */
  protected static boolean beginCancel(Op op) {
    if (op.state == Op.State.READY) {
      op.cancelRequested = true;
      return false;
    }
    if (op.state != Op.State.IN_FLIGHT) {
      return false;
    }
    op.state = Op.State.CANCELLING;
    return true;
  }

  /** DONE, without telling the listener: how a control operation ends inside submit. */
  protected static void settleAtOnce(Op op, int result) {
    op.result = result;
    op.state = Op.State.DONE;
  }

  /** Gives {@code op} a result, its last one unless {@code flags} say that it has more. */
  protected static void settle(Op op, int result, int flags) {
    op.complete(result, flags);
  }

  /** Cancels what is in flight, waits until all of it has completed, and lets go of the kernel. */
  @Override
  public abstract void close();
}
