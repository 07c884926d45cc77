// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.internal.os.Libc;
import java.util.concurrent.atomic.AtomicInteger;

/** What other threads write to when the reactor's thread is to stop waiting: an eventfd(2). */
public final class EventDescriptor implements AutoCloseable {
  /** Makes {@link #wakers} negative, however many there are. */
  private static final int NO_WAKEUPS = Integer.MIN_VALUE;

  private final Handle handle = Handle.borrowed("eventfd");

  /**
   * Threads that are about to write, and {@link #NO_WAKEUPS} once there is to be no other: it is
   * closed when the last of them has written.
   */
  private final AtomicInteger wakers = new AtomicInteger();

  /**
   * Opens it. All that is allocated has been before there is a descriptor that could be lost.
   *
   * @throws ReactorUnavailableException if there is no descriptor left
   */
  public void open() throws ReactorUnavailableException {
    int descriptor = Libc.eventFd();
    if (descriptor < 0) {
      Errno errno = Errno.of(-descriptor);
      throw new ReactorUnavailableException("eventfd: " + errno.text() + " (" + errno + ")", errno);
    }
    handle.opened(descriptor);
  }

  /** For the read of it that is always in flight. */
  public Handle handle() {
    return handle;
  }

  /** Any thread. */
  public void signal() {
    // Negative: it is closed, and its number may be that of something else.
    if (wakers.getAndIncrement() >= 0) {
      Libc.signalEvent(handle.number());
    }
    wakers.getAndDecrement();
  }

  /** Closes it when no other thread is about to write to it. Does nothing if it is not open. */
  @Override
  public void close() {
    wakers.getAndAdd(NO_WAKEUPS);
    while (wakers.get() != NO_WAKEUPS) {
      Thread.onSpinWait(); // for as long as a thread takes for one system call that never waits
    }
    if (handle.isOpen()) {
      Libc.close(handle.number());
    }
  }
}
