// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.DirectMoves;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.io.ZeroCopyWrites;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.net.AddressFamilies;
import dev.weft.internal.net.HappyEyeballs;
import dev.weft.internal.net.UserCode;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * TCP connection (tcp(7)). One fiber may read while another writes. A broken connection is reported
 * by an {@link ErrnoException}: ECONNRESET when reading, EPIPE or ECONNRESET when writing; there is
 * no SIGPIPE.
 */
public final class TcpSocket extends StreamSocket {
  static {
    Endpoint.IN.register(TcpSocket.class, socket -> socket.endpoint);
  }

  private static final int PORT_MAX = 65535;

  private @Nullable InetSocketAddress remote;

  TcpSocket(EventLoop loop, @Nullable InetSocketAddress remote) {
    super(loop, null, remote == null ? "TCP socket" : new Connection(remote));
    this.remote = remote;
  }

  /** The description of a socket in messages after the socket has become unreachable. */
  private record Connection(InetSocketAddress remote) {
    @Override
    public String toString() {
      return "TCP socket connected to " + InetAddresses.text(remote);
    }
  }

  /** Takes over a connection that {@code acceptor} has ready. */
  static TcpSocket accepted(EventLoop loop, Acceptor acceptor) {
    TcpSocket socket = new TcpSocket(loop, null);
    StackReserve.check();
    socket.endpoint.open(acceptor.take()); // allocates nothing, so the connection can't leak
    return socket;
  }

  /**
   * Takes over a connection that the process has as a descriptor: one that it has inherited, or
   * that a library in C has opened. From now on the descriptor belongs to the socket, which closes
   * it. Does not suspend.
   *
   * @param descriptor a connected TCP socket
   * @return an open connection
   * @throws IllegalArgumentException if it is another kind of descriptor
   * @throws ErrnoException EBADF if it is not open, ENOTCONN if it is not connected; it stays the
   *     caller's
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   */
  public static TcpSocket adopt(int descriptor) throws IOException {
    EventLoop loop = Strand.require("adopt").loop;
    TcpSocket socket = new TcpSocket(loop, null);
    StackReserve.check();
    Handle foreign = Handle.borrowed(descriptor, "descriptor " + descriptor);
    SocketCalls.requireType(loop, foreign, SocketType.STREAM);
    if (!(SocketCalls.remoteName(loop, foreign) instanceof InetSocketAddress remote)) {
      throw new IllegalArgumentException(foreign.description() + " is not a TCP socket");
    }
    socket.remote = remote;
    socket.endpoint.open(descriptor);
    return socket;
  }

  /**
   * Takes over the connection of a channel, such as {@link System#inheritedChannel} returns. The
   * channel must not be used any more: on io_uring this call closes it, and the connection stays
   * open with a duplicate of its descriptor, which is searched for among all of the process; on a
   * selector the socket uses the channel and closes it. Does not suspend.
   *
   * @param channel a connected channel that is not registered with a selector
   * @return an open connection
   * @throws java.nio.channels.NotYetConnectedException if it is not connected
   * @throws IllegalArgumentException if it is registered with a selector, or is no TCP connection
   * @throws UnsupportedOperationException if its descriptor can't be found
   * @throws IOException if it is closed
   */
  public static TcpSocket adopt(SocketChannel channel) throws IOException {
    EventLoop loop = Strand.require("adopt").loop;
    if (!(channel.getRemoteAddress() instanceof InetSocketAddress remote)) {
      if (channel.getLocalAddress() instanceof UnixDomainSocketAddress) {
        throw new IllegalArgumentException("adopt: no TCP connection: " + channel);
      }
      throw new NotYetConnectedException();
    }
    if (channel.isRegistered()) {
      throw new IllegalArgumentException("adopt: a selector has the channel: " + channel);
    }
    TcpSocket socket = new TcpSocket(loop, remote);
    StackReserve.check();
    SocketCalls.adopt(loop, socket.endpoint.handle(), channel);
    return socket;
  }

  /**
   * Connects to a server. Suspends.
   *
   * @param address a resolved address
   * @return an open connection
   * @throws ErrnoException ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static TcpSocket connect(InetSocketAddress address) throws IOException {
    return connect(address, SocketOptions.defaults(), Deadline.NEVER);
  }

  /**
   * Connects to a server; waits until {@code deadline} at most. Suspends.
   *
   * @param address a resolved address
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if the connection is not open by then
   */
  public static TcpSocket connect(InetSocketAddress address, Deadline deadline) throws IOException {
    return connect(address, SocketOptions.defaults(), deadline);
  }

  /**
   * Connects to a server with options. Suspends.
   *
   * @param address a resolved address
   * @param options the socket's options
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if the connection is not open by then
   */
  public static TcpSocket connect(
      InetSocketAddress address, SocketOptions options, Deadline deadline) throws IOException {
    Strand strand = Strand.require("connect");
    // Checked before the socket is created, not only before it connects.
    strand.checkBeforeWait("connect", address, deadline.nanoTime(), WaitMode.EXTERNAL);
    strand.waiting.requireTime("connect", address, deadline.nanoTime());
    TcpSocket socket = new TcpSocket(strand.loop, address);
    Handle handle = socket.endpoint.handle();
    StackReserve.check(); // from here on, the descriptor is closed if the call fails
    SocketCalls.open(strand.loop, handle, SocketType.STREAM, address, options.setup());
    boolean connected = false;
    try {
      InetSocketAddress local = options.localAddress();
      if (local != null) {
        SocketCalls.bindForConnect(strand.loop, handle, local, address);
      }
      if (options.hasDirectDescriptors()) {
        DirectMoves.register(strand, handle, InetAddresses.text(address), deadline.nanoTime());
      }
      socket.endpoint.connect(address, InetAddresses.text(address), deadline.nanoTime());
      connected = true;
      return socket;
    } finally {
      if (!connected) {
        SocketCalls.discard(strand.loop, handle);
      }
    }
  }

  /**
   * Connects to a host by name: see {@link #connect(String, int, SocketOptions, Deadline)}.
   * Suspends.
   *
   * @param host a name or an address
   * @param port the port, 1 to 65535
   * @return an open connection
   * @throws ErrnoException the reason of the first attempt, if all have failed; those of all
   *     attempts are suppressed in it
   * @throws java.net.UnknownHostException if there is no such host, or it has no address
   * @throws IOException if it can't be found out what addresses the host has
   */
  public static TcpSocket connect(String host, int port) throws IOException {
    return connect(host, port, SocketOptions.defaults(), Deadline.NEVER);
  }

  /**
   * Connects to a host by name, until {@code deadline} at most: see {@link #connect(String, int,
   * SocketOptions, Deadline)}. Suspends.
   *
   * @param host a name or an address
   * @param port the port, 1 to 65535
   * @param deadline when to stop waiting
   * @return an open connection
   * @throws ErrnoException the reason of the first attempt, if all have failed; those of all
   *     attempts are suppressed in it
   * @throws java.net.UnknownHostException if there is no such host, or it has no address
   * @throws IOException if it can't be found out what addresses the host has
   * @throws dev.weft.error.DeadlineExceededException if no connection is open by then; failures of
   *     attempts are suppressed in it
   */
  public static TcpSocket connect(String host, int port, Deadline deadline) throws IOException {
    return connect(host, port, SocketOptions.defaults(), deadline);
  }

  /**
   * Connects to a host by name, with options. Suspends.
   *
   * <p>This is Happy Eyeballs (RFC 8305). The {@link HostResolver} of the reactor is asked for the
   * IPv6 and the IPv4 addresses at the same time; IPv4 addresses that come first wait 50 ms for the
   * others. Then addresses are tried, IPv6 and IPv4 alternately, each 250 ms after the one before,
   * or as soon as that has failed. The first connection is returned, and all other attempts have
   * ended then. An address as the host is connected to without a lookup.
   *
   * @param host a name or an address; an IPv6 address may be in brackets
   * @param port the port, 1 to 65535
   * @param options the socket's options
   * @param deadline when to stop waiting, for the lookup and all attempts together
   * @return an open connection
   * @throws ErrnoException the reason of the first attempt, if all have failed; those of all
   *     attempts are suppressed in it
   * @throws java.net.UnknownHostException if there is no such host, or it has no address
   * @throws IOException if it can't be found out what addresses the host has
   * @throws dev.weft.error.DeadlineExceededException if no connection is open by then; failures of
   *     attempts are suppressed in it
   */
  public static TcpSocket connect(String host, int port, SocketOptions options, Deadline deadline)
      throws IOException {
    if (port < 1 || port > PORT_MAX) {
      throw new IllegalArgumentException("port must be from 1 to " + PORT_MAX + ": " + port);
    }
    InetAddress literal = AddressFamilies.literal(host);
    if (literal != null) {
      return connect(new InetSocketAddress(literal, port), options, deadline);
    }
    HostResolver resolver = HostResolver.current();
    return HappyEyeballs.connect(
        host + ":" + port, new Lookups(resolver, host), new Attempts(port, options), deadline);
  }

  /** Lookups of a host by a resolver, which may be of the user. */
  private record Lookups(HostResolver resolver, String host) implements HappyEyeballs.Lookup {
    private static final ClassValue<Boolean> WOVEN =
        new ClassValue<>() {
          @Override
          protected Boolean computeValue(Class<?> type) {
            Class<?>[] parameters = {String.class, StandardProtocolFamily.class, Deadline.class};
            return UserCode.isWoven(type, HostResolver.class, "resolve", parameters);
          }
        };

    @Override
    public boolean needsStack() {
      return !WOVEN.get(resolver.getClass());
    }

    @Override
    public List<InetAddress> addresses(StandardProtocolFamily family, Deadline deadline)
        throws IOException {
      return resolver.resolve(host, family, deadline);
    }
  }

  /** Attempts to connect to addresses of a host. */
  private record Attempts(int port, SocketOptions options)
      implements HappyEyeballs.Connector<TcpSocket> {
    @Override
    public TcpSocket connect(InetAddress address, Deadline deadline) throws IOException {
      return TcpSocket.connect(new InetSocketAddress(address, port), options, deadline);
    }

    @Override
    public void discard(TcpSocket connection) {
      connection.close();
    }
  }

  /**
   * Writes all of a segment, and says that more follows: the system waits up to 200 ms for it
   * before it sends a segment of the network that is not full (MSG_MORE of send(2)). Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @throws IOException if the connection is broken or closed; part of it may have been written
   */
  public void writeMore(MemorySegment source) throws IOException {
    writeMore(source, Deadline.NEVER);
  }

  /**
   * Writes all of a segment without copying it, and waits until the peer has acknowledged the
   * bytes: the system sends them from the segment. Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends: it must not be changed,
   *     and its arena can't be closed. Worthwhile if it is large
   * @throws IOException if the connection is broken or closed
   */
  public void writeZeroCopy(MemorySegment source) throws IOException {
    writeZeroCopy(source, Deadline.NEVER);
  }

  /**
   * Writes all of a segment without copying it, as {@link #writeZeroCopy(MemorySegment)} does;
   * waits until {@code deadline} at most. Suspends.
   *
   * <p>What the peer has not acknowledged can't be taken back. So if the deadline passes, the fiber
   * is cancelled or another one closes the socket, the connection is reset: the segment is the
   * caller's again when the call ends, however it ends.
   *
   * <p>It is an ordinary write on a selector, and where the process may not lock so much memory
   * (RLIMIT_MEMLOCK); that waits for no acknowledgement and resets nothing.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws IOException if the connection is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void writeZeroCopy(MemorySegment source, Deadline deadline) throws IOException {
    ZeroCopyWrites.write(endpoint, source, deadline.nanoTime());
  }

  /**
   * Writes all of a segment, and says that more follows, as {@link #writeMore(MemorySegment)} does;
   * waits until {@code deadline} at most. Suspends. On a selector it is a write as any other.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws IOException if the connection is broken or closed; part of it may have been written
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; part may have been
   *     written
   */
  public void writeMore(MemorySegment source, Deadline deadline) throws IOException {
    writeMore(endpoint, source, deadline);
  }

  /**
   * Closes the receiving direction: a read in progress, and every later one, returns the bytes that
   * have arrived and then the end of the stream. Suspends.
   *
   * @throws ErrnoException ENOTCONN if the connection is gone
   */
  public void shutdownInput() throws IOException {
    shutdownInput(Deadline.NEVER);
  }

  /**
   * Closes the receiving direction, as {@link #shutdownInput()} does; waits until {@code deadline}
   * at most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws ErrnoException ENOTCONN if the connection is gone
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void shutdownInput(Deadline deadline) throws IOException {
    endpoint.shutdown(Direction.INPUT, deadline.nanoTime());
  }

  /**
   * Sets whether small segments are sent immediately (TCP_NODELAY). By default they are.
   *
   * @param noDelay false to let the kernel coalesce them (Nagle's algorithm)
   * @throws IOException if the socket is closed
   */
  public void setNoDelay(boolean noDelay) throws IOException {
    setOption(SocketOption.NO_DELAY, noDelay);
  }

  /**
   * Makes {@link #close} reset the connection instead of closing it gracefully (SO_LINGER of zero).
   *
   * @throws IOException if the socket is closed
   */
  public void resetOnClose() throws IOException {
    setOption(SocketOption.LINGER, Duration.ZERO);
  }

  /**
   * {@return what the system knows of the connection now}
   *
   * @throws UnsupportedOperationException on a selector
   * @throws IOException if the socket is closed
   */
  public SocketStats stats() throws IOException {
    int unread = unreadBytes();
    int unsent = unsentBytes();
    ConnectionInfo info = new ConnectionInfo();
    count("stats", endpoint.loop.call().connectionInfo(endpoint.handle(), info));
    return new SocketStats(unread, unsent, getOption(SocketOption.SEND_BUFFER), info);
  }

  /**
   * {@return the local address and port}
   *
   * @throws IOException if the socket is closed
   */
  @Override
  public InetSocketAddress localAddress() throws IOException {
    endpoint.enter("localAddress");
    return SocketCalls.localAddress(endpoint.loop, endpoint.handle());
  }

  /**
   * {@return the peer's address and port}
   *
   * @throws ErrnoException ENOTCONN if the peer reset the connection before the first call of this
   *     method
   */
  public InetSocketAddress remoteAddress() throws IOException {
    InetSocketAddress known = remote;
    if (known == null) {
      endpoint.enter("remoteAddress");
      known = SocketCalls.remoteAddress(endpoint.loop, endpoint.handle());
      remote = known;
    }
    return known;
  }

  @Override
  public String toString() {
    try {
      return InetAddresses.text(remoteAddress());
    } catch (IOException | WrongThreadException e) {
      return DirectDescriptor.text(endpoint.handle().number());
    }
  }
}
