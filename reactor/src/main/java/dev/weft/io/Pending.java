// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InProgress;
import dev.weft.internal.strand.Strand;
import java.nio.channels.ClosedChannelException;

/**
 * The operations that are in progress on a socket, listener, file, pipe or standard stream: cancels
 * all of them, or waits until they have ended.
 */
public final class Pending {
  private Pending() {}

  /**
   * Cancels every operation in progress on {@code stream}, which stays open
   * (IORING_ASYNC_CANCEL_FD). The fibers and micro-threads that wait for them get a {@link
   * dev.weft.error.ErrnoException} with ECANCELED; they are not cancelled themselves. An operation
   * that has succeeded in spite of the cancel returns its result; a write has then written an
   * unknown part. What was received or accepted in advance is kept. An operation on a file that has
   * begun is not stopped. Does not suspend, and does not wait for the ends: see {@link #await}.
   *
   * @param stream a socket, listener, file, an end of a pipe or a standard stream
   * @throws ClosedChannelException if it is closed
   * @throws WrongThreadException on another thread than that of its reactor
   */
  public static void cancel(AutoCloseable stream) throws ClosedChannelException {
    Acceptor acceptor = Acceptor.IN.of(stream);
    if (acceptor == null) {
      InProgress.cancel(endpoint(stream));
    } else {
      InProgress.cancel(acceptor);
    }
  }

  /**
   * Waits until every operation has ended that is in progress on {@code stream} when this is
   * called, however many begin meanwhile. Suspends.
   *
   * @param stream a socket, listener, file, an end of a pipe or a standard stream
   * @throws ClosedChannelException if it is closed
   * @see #await(AutoCloseable, Deadline)
   */
  public static void await(AutoCloseable stream) throws ClosedChannelException {
    await(stream, Deadline.NEVER);
  }

  /**
   * Waits until every operation has ended that is in progress on {@code stream} when this is
   * called, however many begin meanwhile, or {@code deadline} passes. Suspends. Operations are
   * those of the system: several calls follow each other in a call that writes more than 2 GiB, or
   * copies. What the reactor receives or accepts in advance is not waited for, but a read that a
   * fiber waits for is. A close of the stream ends the wait, since it ends the operations.
   *
   * @param stream a socket, listener, file, an end of a pipe or a standard stream
   * @param deadline when to stop waiting
   * @throws ClosedChannelException if it is closed
   * @throws dev.weft.error.DeadlineExceededException if one has not ended in time
   */
  public static void await(AutoCloseable stream, Deadline deadline) throws ClosedChannelException {
    Acceptor acceptor = Acceptor.IN.of(stream);
    if (acceptor != null) {
      await(acceptor.enter("await"), acceptor.handle(), stream, deadline);
      return;
    }
    Endpoint endpoint = endpoint(stream);
    await(endpoint.enter("await"), endpoint.handle(), endpoint.name(), deadline);
  }

  private static void await(Strand strand, Handle handle, Object name, Deadline deadline) {
    InProgress.await(strand.loop, strand, handle, name, deadline.nanoTime());
  }

  private static Endpoint endpoint(AutoCloseable stream) {
    Endpoint endpoint = Endpoint.IN.of(stream);
    if (endpoint == null) {
      throw new IllegalArgumentException("there is no descriptor in " + stream);
    }
    return endpoint;
  }
}
