// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;

/**
 * Waits until something can be read or written (poll(2)): a socket, listener, file, pipe or
 * standard stream, or any descriptor of the process, such as one that belongs to a library in C.
 *
 * <p>Reads and writes need no poll before them, since they wait by themselves. Data that waits
 * together with a hang-up counts as readable, so that nothing is lost. A descriptor must stay open
 * during the call: the system takes its number for another one if it is closed and opened again. On
 * a selector, descriptors from 3 on have no numbers, and only readiness can be waited for.
 */
public final class Poll {
  /** There is something to read or accept, or the end of the stream, or an error. */
  public static final int READABLE = PollEvents.READABLE;

  /** Something can be written, or a write fails at once. */
  public static final int WRITABLE = PollEvents.WRITABLE;

  /** There is an error. Ends every poll. */
  public static final int ERROR = PollEvents.ERROR;

  /** Both directions are closed, or the other end of a pipe is. Ends every poll. */
  public static final int HANG_UP = PollEvents.HANG_UP;

  /** The other end of a connection sends no more. */
  public static final int PEER_SHUTDOWN = PollEvents.PEER_SHUTDOWN;

  private static final int ALL = READABLE | WRITABLE | ERROR | HANG_UP | PEER_SHUTDOWN;
  private static final int LAST_STANDARD = 2;

  private Poll() {}

  /**
   * Waits until a read or accept would not wait, or {@code deadline} passes. Suspends.
   *
   * @param stream a socket, listener, file, pipe's source or standard stream
   * @param deadline when to stop waiting
   * @throws IOException if it is closed, or closed during the call
   * @throws dev.weft.error.DeadlineExceededException if there was nothing to read in time
   */
  public static void readable(AutoCloseable stream, Deadline deadline) throws IOException {
    await(stream, READABLE, deadline);
  }

  /**
   * Waits until a read of a descriptor would not wait, or {@code deadline} passes. Suspends.
   *
   * @param descriptor an open descriptor of the process, which stays the caller's
   * @param deadline when to stop waiting
   * @throws ErrnoException EBADF if the descriptor is not open, EPERM if it can't be polled
   * @throws dev.weft.error.DeadlineExceededException if there was nothing to read in time
   */
  public static void readable(int descriptor, Deadline deadline) throws IOException {
    await(descriptor, READABLE, deadline);
  }

  /**
   * Waits until a write would not wait, or {@code deadline} passes. Suspends.
   *
   * @param stream a socket, file, pipe's sink or standard stream
   * @param deadline when to stop waiting
   * @throws IOException if it is closed, or closed during the call
   * @throws dev.weft.error.DeadlineExceededException if nothing could be written in time
   */
  public static void writable(AutoCloseable stream, Deadline deadline) throws IOException {
    await(stream, WRITABLE, deadline);
  }

  /**
   * Waits until a write to a descriptor would not wait, or {@code deadline} passes. Suspends.
   *
   * @param descriptor an open descriptor of the process, which stays the caller's
   * @param deadline when to stop waiting
   * @throws ErrnoException EBADF if the descriptor is not open, EPERM if it can't be polled
   * @throws dev.weft.error.DeadlineExceededException if nothing could be written in time
   */
  public static void writable(int descriptor, Deadline deadline) throws IOException {
    await(descriptor, WRITABLE, deadline);
  }

  /**
   * Waits until one of some events holds, or {@code deadline} passes. Suspends.
   *
   * @param stream a socket, listener, file, an end of a pipe or a standard stream
   * @param events a sum of the constants of this class; 0 for ERROR and HANG_UP alone
   * @param deadline when to stop waiting
   * @return the events that hold: those of {@code events}, and ERROR and HANG_UP
   * @throws IOException if it is closed, or closed during the call
   * @throws UnsupportedOperationException if the backend knows none of the events
   * @throws dev.weft.error.DeadlineExceededException if none held in time
   */
  public static int await(AutoCloseable stream, int events, Deadline deadline) throws IOException {
    requireValid(events);
    Acceptor acceptor = Acceptor.IN.of(stream);
    if (acceptor != null) {
      Strand strand = acceptor.enter("poll");
      boolean isReady = (events & READABLE) != 0 && acceptor.hasQueued();
      Handle handle = acceptor.handle();
      return isReady ? READABLE : await(strand, stream, handle, events, deadline);
    }
    Endpoint endpoint = Endpoint.IN.of(stream);
    if (endpoint == null) {
      throw new IllegalArgumentException("poll: there is no descriptor in " + stream);
    }
    Strand strand = endpoint.enter("poll");
    boolean isReady =
        (events & READABLE) != 0 && endpoint.isReadableAhead(strand, "poll", deadline.nanoTime());
    return isReady ? READABLE : await(strand, stream, endpoint.handle(), events, deadline);
  }

  private static int await(
      Strand strand, Object stream, Handle handle, int events, Deadline deadline)
      throws IOException {
    if (!handle.isOpen()) {
      throw new ClosedChannelException();
    }
    int result = perform(strand, stream, strand.waiting.op().poll(handle, events), deadline);
    if (result < 0 && !handle.isOpen()) {
      throw new AsynchronousCloseException();
    }
    return check(strand, stream, result);
  }

  /**
   * Waits until one of some events holds for a descriptor, or {@code deadline} passes. Suspends.
   *
   * @param descriptor an open descriptor of the process, which stays the caller's
   * @param events a sum of the constants of this class; 0 for ERROR and HANG_UP alone
   * @param deadline when to stop waiting
   * @return the events that hold: those of {@code events}, and ERROR and HANG_UP
   * @throws ErrnoException EBADF if the descriptor is not open, EPERM if it can't be polled
   * @throws UnsupportedOperationException on a selector, for descriptors from 3 on
   * @throws dev.weft.error.DeadlineExceededException if none held in time
   */
  public static int await(int descriptor, int events, Deadline deadline) throws IOException {
    requireValid(events);
    if (descriptor < 0) {
      throw new IllegalArgumentException("a descriptor is at least 0: " + descriptor);
    }
    Strand strand = Strand.require("poll");
    String subject = "descriptor " + descriptor;
    if (DirectDescriptor.is(descriptor)) { // no process has such a number
      throw new ErrnoException("poll", subject, Errno.EBADF.code());
    }
    if (descriptor > LAST_STANDARD) {
      strand.loop.backend().require(Capability.KERNEL_DESCRIPTORS, "poll of " + subject);
    }
    Op op = strand.waiting.op().poll(descriptor, events);
    return check(strand, subject, perform(strand, subject, op, deadline));
  }

  private static int perform(Strand strand, Object subject, Op op, Deadline deadline) {
    long end = deadline.nanoTime();
    if (end != TimerQueue.NOW) {
      return Operations.performRepeatedly(strand, "poll", subject, op, end, WaitMode.EXTERNAL);
    }
    strand.checkBeforeWait("poll", subject, end, WaitMode.EXTERNAL);
    int result = strand.loop.backend().attempt(op);
    if (result == -Errno.EAGAIN.code()) {
      strand.waiting.requireTime("poll", subject, end);
    }
    return result;
  }

  private static int check(Strand strand, Object subject, int result) throws ErrnoException {
    if (result >= 0) {
      return result;
    }
    if (result == -Errno.EOPNOTSUPP.code()) {
      strand.loop.backend().require(Capability.POLL_ERRORS, "poll of " + subject);
    }
    throw new ErrnoException("poll", subject.toString(), -result);
  }

  private static void requireValid(int events) {
    if ((events & ~ALL) != 0) {
      throw new IllegalArgumentException("no events of a poll: " + events);
    }
  }
}
