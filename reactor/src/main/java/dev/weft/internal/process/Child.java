// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.process;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.WaitList;
import org.jspecify.annotations.Nullable;

/**
 * The state of a child process. One poll of its descriptor is in flight until it has ended, so that
 * it is reaped even if no fiber waits for it. Must not refer to the object that users have.
 */
public final class Child {
  private static final int CANCELED = -Errno.ECANCELED.code();
  private static final int ENDED = -Errno.ESRCH.code();
  private static final int KILL = 9;

  /** The status of a child that is running. */
  public static final int RUNNING = -1;

  public final EventLoop loop;
  public final boolean leadsGroup;
  public final WaitList waiters = new WaitList();

  private final String name;
  private final Handle handle;
  private final Op op;
  private int descriptor = Handle.NONE;
  private int pid;
  private int status = RUNNING;

  /** Why there is no status: other code of the process has taken it; or 0. */
  private int failure;

  private boolean closesAtEnd;
  private @Nullable Runnable listener;

  /** Makes a child that has not been started. */
  public Child(EventLoop loop, String name, Handle handle, boolean leadsGroup) {
    this.loop = loop;
    this.name = name;
    this.handle = handle;
    this.leadsGroup = leadsGroup;
    op = loop.backend().create(this::completed);
    handle.onClose(this::discard);
  }

  /** Releases a child that could not be started. */
  public void notStarted() {
    loop.backend().release(op);
  }

  /** Begins to wait for the end of the process. */
  public void started(int descriptor, int pid) {
    this.descriptor = descriptor;
    this.pid = pid;
    loop.backend().open(handle, descriptor);
    watch();
  }

  private void watch() {
    loop.backend().submit(op.poll(handle, PollEvents.READABLE));
  }

  public int pid() {
    return pid;
  }

  public boolean hasEnded() {
    return status != RUNNING || failure != 0;
  }

  /** How it has ended, as waitpid(2) returns it; {@link #RUNNING} if it has not. */
  public int status() throws ErrnoException {
    if (!hasEnded() && handle.isOpen()) {
      reap(handle, false); // it can have ended since the last poll
    }
    if (failure != 0) {
      throw new ErrnoException("wait", toString(), failure);
    }
    return status;
  }

  private void reap(Handle process, boolean waits) {
    int result = loop.backend().perform(loop.call().reapChild(process, waits));
    if (result == 0) {
      return;
    }
    if (result < 0) {
      failure = -result;
    } else {
      status = loop.call().value();
    }
    waiters.wakeAll();
    Runnable informed = listener;
    if (informed != null) {
      listener = null;
      informed.run();
    }
  }

  /** Sets what is called once when it has ended, which can be now. */
  public void onEnd(Runnable listener) {
    if (hasEnded()) {
      listener.run();
    } else {
      this.listener = listener;
    }
  }

  private void completed(Op poll) {
    if (!hasEnded()) {
      if (poll.result() == CANCELED) {
        return; // the handle is being closed, or the backend
      }
      reap(handle, false);
      if (!hasEnded()) {
        watch();
        return;
      }
    }
    if (closesAtEnd) {
      close();
    }
  }

  /** Sends a signal; returns whether there was a process to get it. */
  public boolean signal(int signal, boolean wholeGroup) throws ErrnoException {
    int result = signal(handle, signal, wholeGroup);
    if (result < 0 && result != ENDED) {
      throw new ErrnoException("signal", toString(), -result);
    }
    return result >= 0;
  }

  private int signal(Handle process, int signal, boolean wholeGroup) {
    Integer group = null;
    if (wholeGroup) {
      group = hasEnded() ? 0 : pid; // the number of a process that was reaped is given out again
    } else if (hasEnded()) {
      return ENDED;
    }
    return loop.backend().perform(loop.call().signalChild(process, signal, group));
  }

  /** Kills it, and its group if it leads one. */
  public void kill() {
    kill(handle);
  }

  private void kill(Handle process) {
    if (leadsGroup) {
      signal(process, KILL, true);
    }
    signal(process, KILL, false);
  }

  /** Closes the handle when it has ended, which can be now. */
  public void closeAtEnd() {
    closesAtEnd = true;
    if (hasEnded()) {
      close();
    }
  }

  private void close() {
    Backend backend = loop.backend();
    if (handle.isOpen()) {
      backend.beginClose(handle, null);
      backend.closeWhenUnused(handle);
    }
  }

  /**
   * Called when the handle is closed, by us, because it has leaked, or because the reactor is
   * closed. A killed process ends at once, so this waits for it.
   */
  private void discard() {
    if (!hasEnded()) {
      Handle process = Handle.borrowed(descriptor, name); // the handle shows no number any more
      kill(process);
      reap(process, true);
    }
    loop.backend().release(op);
  }

  @Override
  public String toString() {
    return pid == 0 ? name : name + " " + pid;
  }
}
