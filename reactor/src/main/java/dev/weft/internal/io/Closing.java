// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;

/** Closes handles: cancels their operations, waits for these to end, and closes the descriptor. */
final class Closing {
  private static final int UNSUBMITTED = -Errno.ECANCELED.code();

  private Closing() {}

  /**
   * Closes an open handle, on its reactor's thread. Suspends in a fiber, shielded from cancels.
   * Elsewhere it returns immediately, and a handle in use is closed when its last operation
   * completes. The same happens if the close throws, such as an OutOfMemoryError. If that is
   * because the stack is short, the loop closes the handle at the end of its turn.
   *
   * @return 0, or -errno of close(2)
   */
  static int close(EventLoop loop, Handle handle, Object name) {
    Backend backend = loop.backend();
    Strand strand = Strand.current();
    if (strand == null) {
      return discard(backend, handle);
    }
    try {
      StackReserve.check();
    } catch (StackOverflowError e) {
      backend.closeLater(handle); // a smaller frame than the check's
      throw e;
    }
    boolean closed = false;
    try {
      awaitUnused(backend, strand, handle, name);
      int result = closeUnused(backend, strand, handle, name);
      closed = true;
      return result;
    } finally {
      if (!closed) {
        discard(backend, handle);
      }
    }
  }

  /** Closes a handle without suspending, immediately or when it is unused. Allocates nothing. */
  static int discard(Backend backend, Handle handle) {
    if (handle.isOpen()) {
      backend.beginClose(handle, null);
    }
    return handle.state() == Handle.State.CLOSING ? backend.closeWhenUnused(handle) : 0;
  }

  private static void awaitUnused(Backend backend, Strand strand, Handle handle, Object name) {
    if (handle.isUnused()) {
      backend.beginClose(handle, null);
      return;
    }
    WaitList waiters = new WaitList();
    backend.beginClose(handle, unused -> waiters.wakeAll());
    try {
      while (!handle.isUnused()) {
        strand.await(waiters, "close", name, TimerQueue.NEVER, WaitMode.SHIELDED);
      }
    } catch (PinnedException e) {
      while (!handle.isUnused()) {
        backend.poll(Backend.FOREVER); // blocks: the handle must be closed even if pinned
      }
    }
  }

  private static int closeUnused(Backend backend, Strand strand, Handle handle, Object name) {
    Op op = strand.waiting.op();
    int descriptor = backend.endClose(handle);
    if (descriptor < 0) {
      return 0;
    }
    int uses = op.generation();
    int result = UNSUBMITTED;
    try {
      result = Operations.performShielded(strand, "close", name, op.close(descriptor));
    } finally {
      if (result == UNSUBMITTED && (op.generation() == uses || op.result() == UNSUBMITTED)) {
        result = backend.closeDescriptor(descriptor); // the kernel has not started it
      }
    }
    return result;
  }
}
