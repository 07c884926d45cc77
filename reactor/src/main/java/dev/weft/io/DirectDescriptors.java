// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.DirectMoves;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.strand.Strand;
import java.io.IOException;

/**
 * Direct descriptors: slots of a table that a ring has (registered files of io_uring_register(2)),
 * instead of descriptors of the process. They do not count towards its limit of open files
 * (RLIMIT_NOFILE), and no child process inherits them. They are not faster.
 *
 * <p>A reactor has a table if its {@link dev.weft.ReactorOptions#withDirectDescriptors options} say
 * so. Sockets, listeners, files and the ends of pipes get a direct descriptor where they are opened
 * ({@code SocketOptions.withDirectDescriptors}, {@code FileOption.DIRECT_DESCRIPTOR}) or later by
 * {@link #register}, and are used as before. What differs:
 *
 * <ul>
 *   <li>They belong to one reactor: they can't be passed in a message of a Unix socket or handed to
 *       another reactor. {@link #install} them before.
 *   <li>Calls that do not suspend, such as those that read an address or set an option, need a
 *       descriptor of the process for the length of the call, and one more system call. Fibers that
 *       pass batons ({@link dev.weft.FiberKind#BATON}) can't make them: EOPNOTSUPP.
 *   <li>A close does not report what the file system says at last (close(2)).
 * </ul>
 */
public final class DirectDescriptors {
  private DirectDescriptors() {}

  /**
   * {@return whether something has a direct descriptor}
   *
   * @param stream an open socket, listener, file, or end of a pipe
   * @throws IllegalArgumentException if it has no descriptor at all
   */
  public static boolean isDirect(AutoCloseable stream) {
    return handle(stream).isDirect();
  }

  /**
   * Moves the descriptor of something into the table: its descriptor of the process is closed, as
   * soon as no operation uses it that began before. Suspends. Does nothing if it is direct already.
   *
   * @param stream an open socket, listener, file, or end of a pipe
   * @throws ErrnoException ENFILE if the table is full; nothing has changed then
   * @throws UnsupportedOperationException if the backend has no direct descriptors
   * @throws IllegalStateException if the reactor was opened without a table, or if operations are
   *     in progress that began before the descriptor was last moved
   * @throws IllegalArgumentException if it has no descriptor of its own
   * @throws IOException if it is closed, or closed during the call
   */
  public static void register(AutoCloseable stream) throws IOException {
    register(stream, Deadline.NEVER);
  }

  /**
   * Moves the descriptor of something into the table, as {@link #register(AutoCloseable)} does;
   * waits until {@code deadline} at most. Suspends.
   *
   * @param stream an open socket, listener, file, or end of a pipe
   * @param deadline when to stop waiting
   * @throws ErrnoException ENFILE if the table is full; nothing has changed then
   * @throws UnsupportedOperationException if the backend has no direct descriptors
   * @throws IllegalStateException if the reactor was opened without a table, or if operations are
   *     in progress that began before the descriptor was last moved
   * @throws IllegalArgumentException if it has no descriptor of its own
   * @throws IOException if it is closed, or closed during the call
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; nothing has changed
   */
  public static void register(AutoCloseable stream, Deadline deadline) throws IOException {
    Strand strand = enter(stream, "register");
    DirectMoves.register(strand, handle(stream), stream, deadline.nanoTime());
    restart(stream);
  }

  /**
   * Moves the descriptor of something out of the table: it gets a descriptor of the process, and
   * its slot is given back as soon as no operation uses it that began before. Suspends. Does
   * nothing if it is not direct.
   *
   * @param stream an open socket, listener, file, or end of a pipe
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left; nothing has changed then
   * @throws UnsupportedOperationException if the backend has no direct descriptors
   * @throws IllegalStateException if the reactor was opened without a table, or if operations are
   *     in progress that began before the descriptor was last moved
   * @throws IllegalArgumentException if it has no descriptor of its own
   * @throws IOException if it is closed, or closed during the call
   */
  public static void install(AutoCloseable stream) throws IOException {
    install(stream, Deadline.NEVER);
  }

  /**
   * Moves the descriptor of something out of the table, as {@link #install(AutoCloseable)} does;
   * waits until {@code deadline} at most. Suspends.
   *
   * @param stream an open socket, listener, file, or end of a pipe
   * @param deadline when to stop waiting
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left; nothing has changed then
   * @throws UnsupportedOperationException if the backend has no direct descriptors
   * @throws IllegalStateException if the reactor was opened without a table, or if operations are
   *     in progress that began before the descriptor was last moved
   * @throws IllegalArgumentException if it has no descriptor of its own
   * @throws IOException if it is closed, or closed during the call
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; nothing has changed
   */
  public static void install(AutoCloseable stream, Deadline deadline) throws IOException {
    Strand strand = enter(stream, "install");
    DirectMoves.install(strand, handle(stream), stream, deadline.nanoTime());
    restart(stream);
  }

  /** Ends a request for connections that still uses the listener's old descriptor. */
  private static void restart(AutoCloseable stream) {
    Acceptor acceptor = Acceptor.IN.of(stream);
    if (acceptor != null) {
      acceptor.restart();
    }
  }

  private static Strand enter(AutoCloseable stream, String verb) throws IOException {
    Acceptor acceptor = Acceptor.IN.of(stream);
    return acceptor == null ? endpoint(stream).enter(verb) : acceptor.enter(verb);
  }

  private static Handle handle(AutoCloseable stream) {
    Acceptor acceptor = Acceptor.IN.of(stream);
    return acceptor == null ? endpoint(stream).handle() : acceptor.handle();
  }

  private static Endpoint endpoint(AutoCloseable stream) {
    Endpoint endpoint = Endpoint.IN.of(stream);
    if (endpoint == null) {
      throw new IllegalArgumentException("there is no descriptor in " + stream);
    }
    return endpoint;
  }
}
