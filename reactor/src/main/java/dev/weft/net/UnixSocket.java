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
import dev.weft.internal.io.SocketSetup;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;

/**
 * Connection to a process of the same machine (unix(7), SOCK_STREAM). One fiber may read while
 * another writes. It can pass descriptors, and knows who the peer is.
 */
public final class UnixSocket extends StreamSocket {
  static {
    Endpoint.IN.register(UnixSocket.class, socket -> socket.endpoint);
  }

  private UnixSocket(EventLoop loop, Object name) {
    super(loop, name, name);
  }

  /** Takes over a connection that {@code acceptor} has ready. */
  static UnixSocket accepted(EventLoop loop, Acceptor acceptor, Object name) {
    UnixSocket socket = new UnixSocket(loop, name);
    StackReserve.check();
    socket.endpoint.open(acceptor.take()); // allocates nothing, so the connection can't leak
    return socket;
  }

  /** Takes over an end of a pair. */
  static UnixSocket ofPair(EventLoop loop, int descriptor) {
    UnixSocket socket = new UnixSocket(loop, "Unix socket of a pair");
    socket.endpoint.open(descriptor);
    return socket;
  }

  /**
   * Takes over a connection that the process has as a descriptor. From now on the descriptor
   * belongs to the socket, which closes it.
   *
   * @param descriptor a connected Unix socket for streams
   * @return an open connection
   * @throws IllegalArgumentException if it is another kind of descriptor
   * @throws ErrnoException EBADF if it is not open, ENOTCONN if it is not connected; it stays the
   *     caller's
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   */
  public static UnixSocket adopt(int descriptor) throws IOException {
    EventLoop loop = EventLoop.require("adopt");
    Handle foreign = Handle.borrowed(descriptor, "descriptor " + descriptor);
    SocketCalls.requireType(loop, foreign, SocketType.STREAM);
    if (!(SocketCalls.remoteName(loop, foreign) instanceof UnixAddress)) {
      throw new IllegalArgumentException(foreign.description() + " is not a Unix socket");
    }
    UnixSocket socket = new UnixSocket(loop, "Unix socket of " + foreign.description());
    StackReserve.check();
    socket.endpoint.open(descriptor);
    return socket;
  }

  /**
   * Connects to a listener. Suspends.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} or {@link AbstractSocketAddress}
   * @return an open connection
   * @throws ErrnoException ENOENT if there is no such path, ECONNREFUSED if nothing listens there,
   *     EACCES, ENAMETOOLONG if the path has more than 107 bytes, and so on (connect(2))
   * @throws UnsupportedOperationException if the address is abstract on a reactor without io_uring
   */
  public static UnixSocket connect(SocketAddress address) throws IOException {
    return connect(address, Deadline.NEVER);
  }

  /**
   * Connects to a listener; waits until {@code deadline} at most. Suspends.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} or {@link AbstractSocketAddress}
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException ENOENT if there is no such path, ECONNREFUSED if nothing listens there,
   *     EACCES, ENAMETOOLONG if the path has more than 107 bytes, and so on (connect(2))
   * @throws UnsupportedOperationException if the address is abstract on a reactor without io_uring
   * @throws dev.weft.error.DeadlineExceededException if the connection is not open by then
   */
  public static UnixSocket connect(SocketAddress address, Deadline deadline) throws IOException {
    Strand strand = Strand.require("connect");
    strand.checkBeforeWait("connect", address, deadline.nanoTime(), WaitMode.EXTERNAL);
    UnixSocket socket = new UnixSocket(strand.loop, "Unix socket connected to " + address);
    connect(strand.loop, socket.endpoint, SocketType.STREAM, address, deadline);
    return socket;
  }

  /** Opens a socket of that type, and connects it. Suspends. */
  static void connect(
      EventLoop loop, Endpoint endpoint, SocketType type, SocketAddress address, Deadline deadline)
      throws IOException {
    UnixAddress target = AbstractSocketAddress.encode(address, "connect", loop.backend());
    StackReserve.check(); // from here on, the descriptor is closed if the call fails
    open(loop, endpoint, type, address);
    boolean connected = false;
    try {
      endpoint.connect(target, address.toString(), deadline.nanoTime());
      connected = true;
    } finally {
      if (!connected) {
        SocketCalls.discard(loop, endpoint.handle());
      }
    }
  }

  /** Opens a socket of that type. */
  static void open(EventLoop loop, Endpoint endpoint, SocketType type, Object subject)
      throws ErrnoException {
    if (type != SocketType.STREAM) {
      loop.backend().require(Capability.ALL_UNIX_SOCKETS, "a Unix socket for messages");
    }
    SocketCalls.open(
        loop, endpoint.handle(), StandardProtocolFamily.UNIX, type, subject, SocketSetup.NONE);
  }

  // ---- descriptors

  /**
   * Reads some bytes, and the descriptors that came with them. Suspends.
   *
   * @param target gets the bytes and, if it takes them, the descriptors; owned by the kernel until
   *     the call ends
   * @return the number of bytes; -1 at the end of the stream
   * @throws ErrnoException ECONNRESET and so on (recvmsg(2))
   * @throws UnsupportedOperationException if it takes descriptors on a reactor without io_uring
   */
  public int receive(UnixMessage target) throws IOException {
    return receive(target, Deadline.NEVER);
  }

  /**
   * Reads some bytes, and the descriptors that came with them; waits until {@code deadline} at
   * most. Suspends.
   *
   * @param target gets the bytes and, if it takes them, the descriptors; owned by the kernel until
   *     the call ends
   * @param deadline when to stop waiting
   * @return the number of bytes; -1 at the end of the stream
   * @throws ErrnoException ECONNRESET and so on (recvmsg(2))
   * @throws UnsupportedOperationException if it takes descriptors on a reactor without io_uring
   * @throws dev.weft.error.DeadlineExceededException if nothing arrived
   */
  public int receive(UnixMessage target, Deadline deadline) throws IOException {
    int count = target.receive(endpoint, false, deadline);
    return count == 0 && target.segment().byteSize() > 0 ? -1 : count;
  }

  /**
   * Writes bytes, all of them, and the descriptors that are to be passed with the first. Suspends.
   *
   * @param message without an address; its bytes are owned by the kernel until the call ends
   * @throws ErrnoException EPIPE and so on (sendmsg(2))
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   * @throws UnsupportedOperationException if it passes a descriptor on a reactor without io_uring
   */
  public void send(UnixMessage message) throws IOException {
    send(message, Deadline.NEVER);
  }

  /**
   * Writes bytes, all of them, and the descriptors that are to be passed with the first; waits
   * until {@code deadline} at most. Suspends.
   *
   * @param message without an address; its bytes are owned by the kernel until the call ends
   * @param deadline when to stop waiting; a part of the bytes can have been sent then
   * @throws ErrnoException EPIPE and so on (sendmsg(2))
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   * @throws UnsupportedOperationException if it passes a descriptor on a reactor without io_uring
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void send(UnixMessage message, Deadline deadline) throws IOException {
    int sent = message.send(endpoint, deadline);
    if (sent < message.length()) {
      endpoint.write(message.segment().asSlice(sent, message.length() - sent), deadline.nanoTime());
    }
  }

  /**
   * Reads the bytes that have arrived, and the descriptors that came with them. Does not suspend.
   *
   * @param target gets the bytes and, if it takes them, the descriptors
   * @return the number of bytes; 0 if none have arrived; -1 at the end of the stream
   * @throws ErrnoException ECONNRESET and so on (recvmsg(2))
   * @throws UnsupportedOperationException if it takes descriptors on a reactor without io_uring
   */
  public int tryReceive(UnixMessage target) throws IOException {
    int count = target.tryReceive(endpoint, false);
    return count == 0 && target.segment().byteSize() > 0 ? -1 : Math.max(count, 0);
  }

  /**
   * Writes as many bytes as the system accepts at once, and the descriptors that are to be passed
   * with the first. Does not suspend.
   *
   * @param message without an address
   * @return the number of bytes; 0 if the system accepts none now: then nothing was passed
   * @throws ErrnoException EPIPE and so on (sendmsg(2))
   * @throws java.nio.channels.ClosedChannelException if the socket or what it passes is closed
   * @throws UnsupportedOperationException if it passes a descriptor on a reactor without io_uring
   */
  public int trySend(UnixMessage message) throws IOException {
    return Math.max(message.trySend(endpoint), 0);
  }

  // ---- the connection

  /**
   * {@return the process at the other end}
   *
   * @throws UnsupportedOperationException on a reactor without io_uring
   * @throws IOException if the socket is closed
   */
  public PeerCredentials peerCredentials() throws IOException {
    endpoint.enter("peerCredentials");
    endpoint.loop.backend().require(Capability.ALL_UNIX_SOCKETS, "peerCredentials");
    return PeerCredentials.of(SocketCalls.peerCredentials(endpoint.loop, endpoint.handle()));
  }

  /**
   * {@return the address of this end; its path is empty if it has none}
   *
   * @throws IOException if the socket is closed
   */
  @Override
  public SocketAddress localAddress() throws IOException {
    endpoint.enter("localAddress");
    return AbstractSocketAddress.decode(SocketCalls.localName(endpoint.loop, endpoint.handle()));
  }

  /**
   * {@return the address of the other end; its path is empty if it has none}
   *
   * @throws IOException if the socket is closed
   */
  public SocketAddress remoteAddress() throws IOException {
    endpoint.enter("remoteAddress");
    return AbstractSocketAddress.decode(SocketCalls.remoteName(endpoint.loop, endpoint.handle()));
  }

  @Override
  public String toString() {
    return endpoint.name().toString();
  }
}
