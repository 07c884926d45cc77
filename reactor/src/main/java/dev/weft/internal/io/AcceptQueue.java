// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
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
