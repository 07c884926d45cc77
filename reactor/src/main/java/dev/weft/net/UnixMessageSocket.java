// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.MessageTransfers;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.MessageStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.List;

/**
 * Unix socket that keeps the boundaries of messages (unix(7)): for datagrams from and to any such
 * socket of the machine, or for the sequenced messages of a connection (SOCK_SEQPACKET). Both are
 * reliable and in order, and can pass descriptors. Any number of fibers may receive and send. Needs
 * io_uring.
 *
 * <p>The end of a connection is an empty message to the system. So an empty message can't be sent
 * through a connection; as a datagram it can.
 */
public final class UnixMessageSocket extends NetworkSocket implements MessageStream {
  static {
    Endpoint.IN.register(UnixMessageSocket.class, socket -> socket.endpoint);
  }

  private final Endpoint endpoint;
  private final SocketType type;

  /** Messages that no call uses at the moment. */
  private final List<Message> spare = new ArrayList<>();

  private UnixMessageSocket(EventLoop loop, SocketType type, Object name) {
    this.type = type;
    endpoint = new Endpoint(loop, Endpoint.Kind.SOCKET, name, name);
  }

  @Override
  Endpoint endpoint() {
    return endpoint;
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

  private boolean isConnection() {
    return type == SocketType.SEQUENCED;
  }

  // ---- messages

  /**
   * Receives a message. Suspends until there is one.
   *
   * @param target gets the bytes, the sender, whether bytes were cut off and, if it takes them,
   *     descriptors; owned by the kernel until the call ends
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException ECONNRESET and so on (recvmsg(2))
   */
  public int receive(UnixMessage target) throws IOException {
    return receive(target, Deadline.NEVER);
  }

  /**
   * Receives a message; waits until {@code deadline} at most. Suspends until there is one.
   *
   * @param target gets the bytes, the sender, whether bytes were cut off and, if it takes them,
   *     descriptors; owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return the length in bytes, which can be 0 for a datagram; -1 at the end of a connection
   * @throws ErrnoException ECONNRESET and so on (recvmsg(2))
   * @throws dev.weft.error.DeadlineExceededException if no message arrived
   */
  public int receive(UnixMessage target, Deadline deadline) throws IOException {
    int length = target.receive(endpoint, !isConnection(), deadline);
    return isEnd(length, target.isTruncated()) ? -1 : length;
  }

  private boolean isEnd(int length, boolean isTruncated) {
    return length == 0 && isConnection() && !isTruncated;
  }

  @Override
  public int receive(MemorySegment target, Deadline deadline) throws IOException {
    Message message = take();
    try {
      int length = MessageTransfers.receive(endpoint, target, message, deadline.nanoTime());
      if (message.isTruncated()) {
        throw new ErrnoException("receive", toString(), Errno.EMSGSIZE.code());
      }
      return isEnd(length, false) ? -1 : length;
    } finally {
      spare.add(message);
    }
  }

  /**
   * Sends a message to its address, or to the other end of a connection. Suspends until there is
   * room at the receiver.
   *
   * @param message its bytes are owned by the kernel until the call ends
   * @throws ErrnoException EMSGSIZE if it is too long, ENOTCONN if it has no address, ENOENT or
   *     ECONNREFUSED if no socket has the address, EPIPE if the connection has ended, and so on
   *     (sendmsg(2))
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   */
  public void send(UnixMessage message) throws IOException {
    send(message, Deadline.NEVER);
  }

  /**
   * Sends a message to its address, or to the other end of a connection; waits until {@code
   * deadline} at most. Suspends until there is room at the receiver.
   *
   * @param message its bytes are owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws ErrnoException EMSGSIZE if it is too long, ENOTCONN if it has no address, ENOENT or
   *     ECONNREFUSED if no socket has the address, EPIPE if the connection has ended, and so on
   *     (sendmsg(2))
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void send(UnixMessage message, Deadline deadline) throws IOException {
    requireContent(message.length());
    message.send(endpoint, deadline);
  }

  @Override
  public void send(MemorySegment bytes, Deadline deadline) throws IOException {
    requireContent(bytes.byteSize());
    Message message = take();
    try {
      MessageTransfers.send(endpoint, bytes, bytes.byteSize(), message, deadline.nanoTime());
    } finally {
      spare.add(message);
    }
  }

  private void requireContent(long length) {
    if (length == 0 && isConnection()) {
      throw new IllegalArgumentException(
          "send " + this + ": an empty message is the end of the connection");
    }
  }

  private Message take() {
    return spare.isEmpty() ? new Message() : spare.removeLast();
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

  /**
   * Closes the socket. Other fibers that are receiving or sending get an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   */
  @Override
  public void close() {
    endpoint.close();
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}
