// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.io.SocketSetup;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.AsynchronousCloseException;

/**
 * Listening Unix socket: for streams, which {@link #accept} returns, or for sequenced messages,
 * which {@link #acceptMessages} returns. Connections are accepted and queued as by a {@link
 * TcpListener}. Any number of fibers may accept.
 *
 * <p>A path stays when the listener is closed, as with bind(2): {@link java.nio.file.Files#delete}
 * removes it, and must do so before the next listener can have it.
 */
public final class UnixListener extends NetworkListener {
  static {
    Acceptor.IN.register(UnixListener.class, listener -> listener.acceptor);
  }

  private final SocketType type;
  private final SocketAddress address;

  private UnixListener(EventLoop loop, SocketType type, SocketAddress address) {
    super(loop, address);
    this.type = type;
    this.address = address;
  }

  /**
   * Listens for streams, with a backlog of {@link SocketOptions#defaults}.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} with a path, or an {@link
   *     AbstractSocketAddress}
   * @return an open listener
   * @throws ErrnoException EADDRINUSE if the path or name exists, ENOENT if its directory does not,
   *     EACCES, ENAMETOOLONG if the path has more than 107 bytes, and so on (bind(2))
   * @throws UnsupportedOperationException if the address is abstract on a reactor without io_uring
   */
  public static UnixListener bind(SocketAddress address) throws IOException {
    return bind(SocketType.STREAM, address);
  }

  /**
   * Listens for connections of sequenced messages (SOCK_SEQPACKET), with a backlog of {@link
   * SocketOptions#defaults}.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} with a path, or an {@link
   *     AbstractSocketAddress}
   * @return an open listener
   * @throws ErrnoException EADDRINUSE if the path or name exists, ENOENT if its directory does not,
   *     EACCES, ENAMETOOLONG if the path has more than 107 bytes, and so on (bind(2))
   * @throws UnsupportedOperationException on a reactor without io_uring
   */
  public static UnixListener bindMessages(SocketAddress address) throws IOException {
    return bind(SocketType.SEQUENCED, address);
  }

  private static UnixListener bind(SocketType type, SocketAddress address) throws IOException {
    EventLoop loop = EventLoop.require("bind");
    if (type != SocketType.STREAM) {
      loop.backend().require(Capability.ALL_UNIX_SOCKETS, "a Unix listener for messages");
    }
    UnixAddress wanted = AbstractSocketAddress.encode(address, "bind", loop.backend());
    if (wanted.isUnnamed()) {
      throw new IllegalArgumentException("bind: the path is empty");
    }
    StackReserve.check(); // the descriptor is closed if the call fails
    UnixListener listener = new UnixListener(loop, type, address);
    Handle handle = listener.acceptor.handle();
    SocketCalls.open(loop, handle, StandardProtocolFamily.UNIX, type, address, SocketSetup.NONE);
    boolean listening = false;
    try {
      SocketCalls.bind(loop, handle, wanted);
      SocketCalls.listen(loop, handle, wanted, SocketOptions.defaults().backlog());
      listening = true;
      return listener;
    } finally {
      if (!listening) {
        SocketCalls.discard(loop, handle);
      }
    }
  }

  /**
   * Takes over a listening socket that the process has as a descriptor, for streams or for
   * messages, as {@link TcpListener#adopt} does.
   *
   * @param descriptor a Unix socket
   * @return an open listener
   * @throws IllegalArgumentException if it is another kind of descriptor, a connection, or has no
   *     address
   * @throws ErrnoException EBADF if it is not open; it stays the caller's
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   */
  public static UnixListener adopt(int descriptor) throws IOException {
    EventLoop loop = EventLoop.require("adopt");
    Handle foreign = Handle.borrowed(descriptor, "descriptor " + descriptor);
    SocketType type =
        SocketCalls.isOfType(loop, foreign, SocketType.SEQUENCED)
            ? SocketType.SEQUENCED
            : SocketType.STREAM;
    int backlog = SocketOptions.defaults().backlog();
    if (!(SocketCalls.listenOn(loop, foreign, type, backlog) instanceof UnixAddress local)) {
      throw new IllegalArgumentException(foreign.description() + " is not a Unix socket");
    }
    UnixListener listener = new UnixListener(loop, type, AbstractSocketAddress.decode(local));
    StackReserve.check();
    loop.backend().open(listener.acceptor.handle(), descriptor);
    return listener;
  }

  /**
   * Waits for the next connection. Suspends.
   *
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable
   * @throws AsynchronousCloseException if the listener is closed during the call
   * @throws IllegalStateException if this is a listener for messages
   */
  public UnixSocket accept() throws IOException {
    return accept(Deadline.NEVER);
  }

  /**
   * Waits for the next connection, until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable
   * @throws AsynchronousCloseException if the listener is closed during the call
   * @throws IllegalStateException if this is a listener for messages
   * @throws dev.weft.error.DeadlineExceededException if no connection arrived
   */
  public UnixSocket accept(Deadline deadline) throws IOException {
    await(SocketType.STREAM, deadline);
    return UnixSocket.accepted(loop, acceptor, "Unix socket accepted at " + address);
  }

  /**
   * Waits for the next connection of sequenced messages. Suspends.
   *
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable
   * @throws AsynchronousCloseException if the listener is closed during the call
   * @throws IllegalStateException if this is a listener for streams
   */
  public UnixMessageSocket acceptMessages() throws IOException {
    return acceptMessages(Deadline.NEVER);
  }

  /**
   * Waits for the next connection of sequenced messages, until {@code deadline} at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException EMFILE or ENFILE if no descriptor is left, ENOBUFS or ENOMEM: the
   *     listener stays usable
   * @throws AsynchronousCloseException if the listener is closed during the call
   * @throws IllegalStateException if this is a listener for streams
   * @throws dev.weft.error.DeadlineExceededException if no connection arrived
   */
  public UnixMessageSocket acceptMessages(Deadline deadline) throws IOException {
    await(SocketType.SEQUENCED, deadline);
    return UnixMessageSocket.accepted(loop, acceptor, "Unix socket accepted at " + address);
  }

  private void await(SocketType wanted, Deadline deadline) throws IOException {
    if (type != wanted) {
      throw new IllegalStateException(
          "accept "
              + address
              + ": it listens for "
              + (type == SocketType.STREAM ? "streams" : "messages"));
    }
    acceptor.await(deadline.nanoTime());
  }

  /** {@return the address that was bound} */
  public SocketAddress localAddress() {
    return address;
  }

  @Override
  public String toString() {
    return address.toString();
  }
}
