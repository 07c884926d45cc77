// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.backend.Retry;

/**
 * The accepted connections of a listening socket that have not been taken yet: a limited number.
 * Listeners of fibers and of micro-threads differ only in where they queue them.
 */
public interface AcceptQueue {
  /**
   * Queues a connection, whose descriptor it then owns.
   *
   * @return false if the listener is closed, or there is no room or no memory: the connection is
   *     closed
   */
  boolean store(int descriptor);

  /** Whether further connections are to wait in the kernel's backlog. */
  boolean isNearlyFull();

  /**
   * The kernel has stopped accepting.
   *
   * @param code why, as a positive error number
   */
  void failed(int code);

  /**
   * Accepts a connection, if one is in the backlog, in place of {@code op}, an accept that has been
   * cancelled. The kernel can have woken that one alone for the connection, if the socket is also
   * another acceptor's, in this or another process: a cancelled accept does not pass that on, and
   * no other would accept the connection before the next one arrives.
   *
   * @param direct whether the connection gets a direct descriptor
   * @return whether {@code op} is in use again, until it has accepted or another acceptor has
   */
  static boolean acceptMissed(Backend backend, Op op, Handle handle, boolean direct) {
    boolean isMissed =
        backend.has(Capability.KERNEL_DESCRIPTORS)
            && handle.isOpen()
            && backend.attempt(op.poll(handle, PollEvents.READABLE)) > 0;
    if (isMissed) {
      backend.submit(direct ? op.acceptDirect(handle) : op.accept(handle));
      backend.cancel(op); // in case another acceptor takes the connection first
    }
    return isMissed;
  }

  /**
   * Delivers what a multishot accept has completed with. When the queue is nearly full the
   * operation is cancelled; it still delivers what the kernel accepts before it sees the cancel.
   */
  static void deliver(Backend backend, Op op, AcceptQueue queue) {
    int result = op.result();
    if (result >= 0) {
      if (!queue.store(result)) {
        backend.closeDescriptor(result);
      }
      if (queue.isNearlyFull()) {
        backend.cancel(op);
      }
    } else if (!Retry.isCancelled(result)) {
      queue.failed(-result);
    }
  }
}
