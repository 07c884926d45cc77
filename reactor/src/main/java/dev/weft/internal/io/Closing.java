// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.error.PinnedException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.sched.EventLoop;
import dev.weft.internal.sched.Strand;
import dev.weft.internal.sched.TimerQueue;
import dev.weft.internal.sched.Wait;
import dev.weft.internal.sched.WaitList;

/** Closes handles: cancels what is in progress, waits for it, and gives the descriptor back. */
final class Closing {
  private static final int UNSUBMITTED = -Errno.ECANCELED.code();

  private Closing() {}

  /**
   * Closes an open handle, on its reactor's thread. Suspends in a fiber, shielded from cancels.
   * Elsewhere it returns at once, and a handle in use is closed when its last operation completes.
   *
   * @return 0, or -errno of close(2)
   */
  static int close(EventLoop loop, Handle handle, Object name) {
    Backend backend = loop.backend();
    Strand strand = Strand.current();
    if (handle.isUnused()) {
      backend.beginClose(handle, null);
    } else if (strand == null) {
      backend.beginClose(handle, null);
      return backend.closeWhenUnused(handle);
    } else {
      awaitUnused(loop, strand, handle, name);
    }
    int descriptor = backend.endClose(handle);
    if (descriptor < 0) {
      return 0;
    }
    return strand == null
        ? backend.closeDescriptor(descriptor)
        : closeInFiber(backend, strand, descriptor, name);
  }

  private static void awaitUnused(EventLoop loop, Strand strand, Handle handle, Object name) {
    Backend backend = loop.backend();
    WaitList waiters = new WaitList();
    boolean waited = false;
    backend.beginClose(handle, unused -> waiters.wakeAll());
    try {
      while (!handle.isUnused()) {
        strand.await(waiters, "close", name, TimerQueue.NEVER, Wait.SHIELDED);
      }
      waited = true;
    } catch (PinnedException e) {
      while (!handle.isUnused()) {
        backend.poll(Backend.FOREVER); // what is open must be closed wherever we are
      }
      waited = true;
    } finally {
      if (!waited) {
        backend.closeWhenUnused(handle);
      }
    }
  }

  private static int closeInFiber(Backend backend, Strand strand, int descriptor, Object name) {
    Op op = strand.op().close(descriptor);
    int result = strand.performShielded("close", name, op);
    return result == UNSUBMITTED ? backend.closeDescriptor(descriptor) : result;
  }
}
