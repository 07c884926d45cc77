// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.os.Libc;
import java.util.concurrent.atomic.AtomicInteger;

/** The eventfd(2) that other threads write to in order to end a wait of the reactor's thread. */
final class EventDescriptor implements AutoCloseable {
  /** Added to {@link #wakers} to make it negative, however many wakers there are. */
  private static final int NO_WAKEUPS = Integer.MIN_VALUE;

  private final Handle handle = Handle.borrowed("eventfd");

  /**
   * The number of threads that are about to write, plus {@link #NO_WAKEUPS} when no others may
   * begin: the descriptor is closed when the last of them has written.
   */
  private final AtomicInteger wakers = new AtomicInteger();

  /**
   * Opens the descriptor. Everything is allocated before, so that none can leak.
   *
   * @throws ReactorUnavailableException if there is no descriptor left
   */
  void open() throws ReactorUnavailableException {
    int descriptor = Libc.eventFd();
    if (descriptor < 0) {
      Errno errno = Errno.of(-descriptor);
      throw new ReactorUnavailableException("eventfd: " + errno.text() + " (" + errno + ")", errno);
    }
    handle.opened(descriptor);
  }

  /** The descriptor, for the read that is always in flight. */
  Handle handle() {
    return handle;
  }

  /** Ends the wait. May be called from any thread. */
  void signal() {
    // If negative, the descriptor is closed, and its number can belong to another file.
    if (wakers.getAndIncrement() >= 0) {
      Libc.signalEvent(handle.number());
    }
    wakers.getAndDecrement();
  }

  /** Closes the descriptor, if it is open, once no other thread is about to write to it. */
  @Override
  public void close() {
    wakers.getAndAdd(NO_WAKEUPS);
    while (wakers.get() != NO_WAKEUPS) {
      Thread.onSpinWait(); // as long as another thread's system call, which never waits
    }
    if (handle.isOpen()) {
      Libc.close(handle.number());
    }
  }
}
