// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.BegunOps;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import java.nio.channels.ClosedChannelException;

/** Cancels and awaits the operations that are in progress on a handle. */
public final class InProgress {
  /** The result of what was cancelled. */
  static final int CANCELED = -Errno.ECANCELED.code();

  private InProgress() {}

  /** Wakes those who wait for the ends of operations. */
  private static final class Ends implements Handle.Listener {
    final WaitList waiters = new WaitList();

    @Override
    public void unused(Handle handle) {
      waiters.wakeAll();
    }

    static WaitList of(Handle handle) {
      if (handle.watcher() instanceof Ends known) {
        return known.waiters;
      }
      Ends made = new Ends();
      handle.watch(made);
      return made.waiters;
    }
  }

  /** Cancels what is in progress on an endpoint, which stays open. Does not suspend. */
  public static void cancel(Endpoint endpoint) throws ClosedChannelException {
    endpoint.loop.requireThread("cancel", endpoint.name());
    if (!endpoint.isOpen()) {
      throw new ClosedChannelException();
    }
    endpoint.cancels++;
    endpoint.loop.backend().cancelAll(endpoint.handle());
    endpoint.wakeForBuffer();
  }

  /** As above, on a listener. */
  public static void cancel(Acceptor acceptor) throws ClosedChannelException {
    acceptor.requireThread("cancel");
    if (!acceptor.handle().isOpen()) {
      throw new ClosedChannelException();
    }
    acceptor.cancelAll();
  }

  /**
   * Waits until the operations have ended that are in progress on a handle now, and not those that
   * go on until they are cancelled. Suspends.
   */
  public static void await(
      EventLoop loop, Strand strand, Handle handle, Object name, long deadline) {
    strand.checkBeforeWait("await", name, deadline, WaitMode.EXTERNAL);
    BegunOps begun = loop.backend().begunOps(handle);
    WaitList ends = Ends.of(handle);
    while (!begun.areOver()) {
      strand.waiting.requireTime("await", name, deadline);
      strand.await(ends, "await", name, deadline, WaitMode.EXTERNAL);
    }
  }
}
