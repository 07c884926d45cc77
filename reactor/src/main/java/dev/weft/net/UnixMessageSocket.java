// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.net.SocketAddress;

/**
 * Unix socket that keeps the boundaries of messages (unix(7)): for datagrams from and to any such
 * socket of the machine, or for the sequenced messages of a connection (SOCK_SEQPACKET). Both are
 * reliable and in order, and can pass descriptors. Any number of fibers may receive and send. Needs
 * io_uring.
 *
 * <p>The end of a connection is an empty message to the system. So an empty message can't be sent
 * through a connection; as a datagram it can.
 */
public final class UnixMessageSocket extends MessageSocket<UnixMessage> {
  static {
    Endpoint.IN.register(UnixMessageSocket.class, socket -> socket.endpoint);
  }

  private final SocketType type;

  private UnixMessageSocket(EventLoop loop, SocketType type, Object name) {
    super(loop, name);
    this.type = type;
  }

  @Override
  boolean isConnection() {
    return type == SocketType.SEQUENCED;
  }

  /** Takes over a connection that {@code acceptor} has ready. */
  static UnixMessageSocket accepted(EventLoop loop, Acceptor acceptor, Object name) {
    UnixMessageSocket socket = new UnixMessageSocket(loop, SocketType.SEQUENCED, name);
    StackReserve.check();
    socket.endpoint.open(acceptor.take()); // allocates nothing, so the connection can't leak
    return socket;
  }

  /** Takes over an end of a pair. */
  static UnixMessageSocket ofPair(EventLoop loop, SocketType type, int descriptor) {
    UnixMessageSocket socket = new UnixMessageSocket(loop, type, "Unix socket of a pair");
    socket.endpoint.open(descriptor);
    return socket;
  }

  // ---- opening

  /**
   * Opens a socket for datagrams to an address. A path stays when the socket is closed.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} with a path, or an {@link
   *     AbstractSocketAddress}
   * @return an open socket
   * @throws ErrnoException EADDRINUSE, ENOENT, EACCES, ENAMETOOLONG if the path has more than 107
   *     bytes, and so on (bind(2))
   * @throws UnsupportedOperationException on a reactor without io_uring
   */
  public static UnixMessageSocket bind(SocketAddress address) throws IOException {
    EventLoop loop = EventLoop.require("bind");
    UnixMessageSocket socket =
        new UnixMessageSocket(loop, SocketType.DATAGRAM, "Unix socket " + address);
    loop.backend().require(Capability.ALL_UNIX_SOCKETS, "a Unix socket for messages");
    UnixAddress wanted = AbstractSocketAddress.encode(address, "bind", loop.backend());
    if (wanted.isUnnamed()) {
      throw new IllegalArgumentException("bind: the path is empty");
    }
    StackReserve.check(); // from here on, the descriptor is closed if the call fails
    UnixSocket.open(loop, socket.endpoint, SocketType.DATAGRAM, address);
    boolean bound = false;
    try {
      SocketCalls.bind(loop, socket.endpoint.handle(), wanted);
      bound = true;
      return socket;
    } finally {
      if (!bound) {
        SocketCalls.discard(loop, socket.endpoint.handle());
      }
    }
  }

  /**
   * Opens a socket for datagrams without an address, so that it can't be replied to.
   *
   * @return an open socket
   * @throws UnsupportedOperationException on a reactor without io_uring
   * @throws IOException if the system has no descriptor or no memory left
   */
  public static UnixMessageSocket open() throws IOException {
    EventLoop loop = EventLoop.require("open");
    UnixMessageSocket socket = new UnixMessageSocket(loop, SocketType.DATAGRAM, "Unix socket");
    StackReserve.check(); // the descriptor is closed if the call fails
    UnixSocket.open(loop, socket.endpoint, SocketType.DATAGRAM, "Unix socket");
    return socket;
  }

  /**
   * Takes over a socket that the process has as a descriptor. From now on the descriptor belongs to
   * the socket, which closes it.
   *
   * @param descriptor a Unix socket for datagrams, or a connection for sequenced messages
   * @return an open socket
   * @throws IllegalArgumentException if it is another kind of descriptor
   * @throws ErrnoException EBADF if it is not open, ENOTCONN if it is for sequenced messages and
   *     not connected; it stays the caller's
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   */
  public static UnixMessageSocket adopt(int descriptor) throws IOException {
    EventLoop loop = EventLoop.require("adopt");
    Handle foreign = Handle.borrowed(descriptor, "descriptor " + descriptor);
    boolean isSequenced = SocketCalls.isOfType(loop, foreign, SocketType.SEQUENCED);
    SocketType type = isSequenced ? SocketType.SEQUENCED : SocketType.DATAGRAM;
    SocketCalls.requireType(loop, foreign, type);
    if (!(SocketCalls.localName(loop, foreign) instanceof UnixAddress)) {
      throw new IllegalArgumentException(
          foreign.description() + " is not a Unix socket for messages");
    }
    if (isSequenced) {
      SocketCalls.remoteName(loop, foreign); // fails if it is not connected
    }
    Object name = "Unix socket of " + foreign.description();
    UnixMessageSocket socket = new UnixMessageSocket(loop, type, name);
    StackReserve.check();
    socket.endpoint.open(descriptor);
    return socket;
  }

  /**
   * Connects to a {@linkplain UnixListener#bindMessages listener} for sequenced messages. Suspends.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} or {@link AbstractSocketAddress}
   * @return an open connection
   * @throws ErrnoException ENOENT, ECONNREFUSED, EPROTOTYPE if it is not for sequenced messages,
   *     and so on (connect(2))
   * @throws UnsupportedOperationException on a reactor without io_uring
   */
  public static UnixMessageSocket connect(SocketAddress address) throws IOException {
    return connect(address, Deadline.NEVER);
  }

  /**
   * Connects to a {@linkplain UnixListener#bindMessages listener} for sequenced messages; waits
   * until {@code deadline} at most. Suspends.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} or {@link AbstractSocketAddress}
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException ENOENT, ECONNREFUSED, EPROTOTYPE if it is not for sequenced messages,
   *     and so on (connect(2))
   * @throws UnsupportedOperationException on a reactor without io_uring
   * @throws dev.weft.error.DeadlineExceededException if the connection is not open by then
   */
  public static UnixMessageSocket connect(SocketAddress address, Deadline deadline)
      throws IOException {
    Strand strand = Strand.require("connect");
    strand.checkBeforeWait("connect", address, deadline.nanoTime(), WaitMode.EXTERNAL);
    UnixMessageSocket socket =
        new UnixMessageSocket(
            strand.loop, SocketType.SEQUENCED, "Unix socket connected to " + address);
    UnixSocket.connect(strand.loop, socket.endpoint, SocketType.SEQUENCED, address, deadline);
    return socket;
  }

  // ---- the socket

  /**
   * {@return the process at the other end of a connection}
   *
   * @throws IOException if the socket is closed, or not a connection
   */
  public PeerCredentials peerCredentials() throws IOException {
    endpoint.enter("peerCredentials");
    return PeerCredentials.of(SocketCalls.peerCredentials(endpoint.loop, endpoint.handle()));
  }

  /**
   * {@return the address of this socket; its path is empty if it has none}
   *
   * @throws IOException if the socket is closed
   */
  @Override
  public SocketAddress localAddress() throws IOException {
    endpoint.enter("localAddress");
    return AbstractSocketAddress.decode(SocketCalls.localName(endpoint.loop, endpoint.handle()));
  }
}
