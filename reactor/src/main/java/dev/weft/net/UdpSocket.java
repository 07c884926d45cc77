// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.MulticastMembership;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InetAddresses;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.MessageStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * UDP socket (udp(7)): sends and receives datagrams, each whole. Datagrams can be lost, doubled and
 * reordered.
 *
 * <p>A failure concerns one call: the socket can be used as before. So a server continues when a
 * reply can't be sent, because the client's port is 0 (EINVAL) or its network unreachable.
 *
 * <p>As a {@link MessageStream} a socket is connected: it sends to its peer, and receives from its
 * peer alone. If nothing listens at the peer, a call after that gets ECONNREFUSED. There is no end
 * of the stream.
 */
public final class UdpSocket extends MessageSocket<Datagram> {
  static {
    Endpoint.IN.register(UdpSocket.class, socket -> socket.endpoint);
  }

  private final Name name;

  /** The groups that it has joined. */
  private final List<MulticastMembership> memberships = new ArrayList<>(0);

  private UdpSocket(EventLoop loop, InetSocketAddress address) {
    this(loop, new Name(address));
  }

  private UdpSocket(EventLoop loop, Name name) {
    super(loop, name);
    this.name = name;
  }

  @Override
  boolean isConnection() {
    return false; // an empty datagram is not the end
  }

  /** The socket's name in messages. A separate object, so that the socket can become garbage. */
  private static final class Name {
    private InetSocketAddress local;
    private @Nullable InetSocketAddress remote;

    Name(InetSocketAddress local) {
      this.local = local;
    }

    @Override
    public String toString() {
      InetSocketAddress peer = remote;
      return peer == null
          ? "UDP " + InetAddresses.text(local)
          : "UDP to " + InetAddresses.text(peer);
    }
  }

  // ---- opening

  /**
   * Opens a socket for datagrams to an address, with {@link SocketOptions#defaults}.
   *
   * @param address the address to receive at. A wildcard address of either family stands for all
   *     interfaces and both families. With port 0 the kernel chooses a port, which {@link
   *     #localAddress} returns
   * @return an open socket
   * @throws ErrnoException EADDRINUSE, EACCES, EADDRNOTAVAIL and so on (bind(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static UdpSocket bind(InetSocketAddress address) throws IOException {
    return bind(address, SocketOptions.defaults());
  }

  /**
   * Opens a socket for datagrams to an address.
   *
   * @param address the address to receive at. A wildcard address of either family stands for all
   *     interfaces and both families. With port 0 the kernel chooses a port, which {@link
   *     #localAddress} returns
   * @param options the socket's options; those for connections have no effect, and neither has
   *     REUSE_ADDRESS
   * @return an open socket
   * @throws ErrnoException EADDRINUSE, EACCES, EADDRNOTAVAIL and so on (bind(2))
   * @throws UnsupportedOperationException if IPV6_ONLY is set on a reactor without io_uring
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static UdpSocket bind(InetSocketAddress address, SocketOptions options)
      throws IOException {
    EventLoop loop = EventLoop.require("bind");
    InetSocketAddress chosen =
        options.isIpv4Only() ? address : SocketCalls.ofBothFamilies(loop, address);
    UdpSocket socket = opened(loop, chosen, options);
    boolean bound = false;
    try {
      SocketCalls.bind(loop, socket.endpoint.handle(), chosen);
      socket.name.local = SocketCalls.localAddress(loop, socket.endpoint.handle());
      bound = true;
      return socket;
    } finally {
      if (!bound) {
        SocketCalls.discard(loop, socket.endpoint.handle());
      }
    }
  }

  /**
   * Opens a socket without an address, with {@link SocketOptions#defaults}: the kernel chooses one
   * when the first datagram is sent, to an address of either family.
   *
   * @return an open socket
   * @throws IOException if the system has no descriptor or no memory left
   */
  public static UdpSocket open() throws IOException {
    return open(SocketOptions.defaults());
  }

  /**
   * Opens a socket without an address: the kernel chooses one when the first datagram is sent.
   *
   * @param options the socket's options; those for connections have no effect
   * @return an open socket
   * @throws UnsupportedOperationException if IPV6_ONLY is set on a reactor without io_uring
   * @throws IOException if the system has no descriptor or no memory left
   */
  public static UdpSocket open(SocketOptions options) throws IOException {
    EventLoop loop = EventLoop.require("open");
    InetSocketAddress any = new InetSocketAddress(InetAddress.ofLiteral("0.0.0.0"), 0);
    return opened(
        loop, options.isIpv4Only() ? any : SocketCalls.ofBothFamilies(loop, any), options);
  }

  /**
   * Opens a socket that is connected to a peer, with {@link SocketOptions#defaults}. Nothing is
   * sent. Suspends.
   *
   * @param address a resolved address
   * @return an open socket
   * @throws ErrnoException ENETUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public static UdpSocket connect(InetSocketAddress address) throws IOException {
    return connect(address, SocketOptions.defaults(), Deadline.NEVER);
  }

  /**
   * Opens a socket that is connected to a peer, with {@link SocketOptions#defaults}; waits until
   * {@code deadline} at most. Nothing is sent. Suspends.
   *
   * @param address a resolved address
   * @param deadline when to stop waiting
   * @return an open socket
   * @throws ErrnoException ENETUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static UdpSocket connect(InetSocketAddress address, Deadline deadline) throws IOException {
    return connect(address, SocketOptions.defaults(), deadline);
  }

  /**
   * Opens a socket that is connected to a peer; waits until {@code deadline} at most. Nothing is
   * sent. Suspends.
   *
   * @param address a resolved address
   * @param options the socket's options; those for TCP have no effect
   * @param deadline when to stop waiting
   * @return an open socket
   * @throws ErrnoException ENETUNREACH and so on (connect(2))
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public static UdpSocket connect(
      InetSocketAddress address, SocketOptions options, Deadline deadline) throws IOException {
    Strand strand = Strand.require("connect");
    strand.checkBeforeWait("connect", address, deadline.nanoTime(), WaitMode.EXTERNAL);
    strand.waiting.requireTime("connect", address, deadline.nanoTime());
    UdpSocket socket = opened(strand.loop, address, options);
    socket.name.remote = address;
    boolean connected = false;
    try {
      InetSocketAddress local = options.localAddress();
      if (local != null) {
        SocketCalls.bindForConnect(strand.loop, socket.endpoint.handle(), local, address);
      }
      socket.endpoint.connect(address, socket.name.toString(), deadline.nanoTime());
      connected = true;
      return socket;
    } finally {
      if (!connected) {
        SocketCalls.discard(strand.loop, socket.endpoint.handle());
      }
    }
  }

  /**
   * Takes over a socket that the process has as a descriptor. From now on the descriptor belongs to
   * the socket, which closes it.
   *
   * @param descriptor a UDP socket
   * @return an open socket
   * @throws IllegalArgumentException if it is another kind of descriptor
   * @throws ErrnoException EBADF if it is not open; it stays the caller's
   * @throws UnsupportedOperationException on a selector, which has no such numbers
   */
  public static UdpSocket adopt(int descriptor) throws IOException {
    EventLoop loop = EventLoop.require("adopt");
    Handle foreign = Handle.borrowed(descriptor, "descriptor " + descriptor);
    SocketCalls.requireType(loop, foreign, SocketType.DATAGRAM);
    if (!(SocketCalls.localName(loop, foreign) instanceof InetSocketAddress local)) {
      throw new IllegalArgumentException(foreign.description() + " is not a UDP socket");
    }
    UdpSocket socket = new UdpSocket(loop, local);
    StackReserve.check();
    socket.name.remote = SocketCalls.remoteAddressIfAny(loop, foreign);
    socket.endpoint.open(descriptor);
    return socket;
  }

  /** Opens a socket of the family of {@code address}. */
  private static UdpSocket opened(EventLoop loop, InetSocketAddress address, SocketOptions options)
      throws IOException {
    if (options.hasDirectDescriptors()) {
      throw new IllegalArgumentException(
          "a UDP socket is opened with a descriptor of the process: DirectDescriptors.register moves"
              + " it");
    }
    StackReserve.check(); // from here on, the descriptor is closed if the call fails
    if (options.has(SocketOption.IPV6_ONLY)) {
      loop.backend().require(Capability.IPV6_ONLY, "a UDP socket for IPv6 alone");
    }
    UdpSocket socket = new UdpSocket(loop, address);
    boolean ipv6 = address.getAddress() instanceof Inet6Address;
    SocketCalls.open(
        loop,
        socket.endpoint.handle(),
        SocketType.DATAGRAM,
        address,
        options.setupOfDatagrams(ipv6));
    return socket;
  }

  // ---- datagrams

  /**
   * Sends a datagram. Suspends until the system has accepted it.
   *
   * @param message native memory, owned by the kernel until the call ends; it may be empty
   * @param address a resolved address
   * @throws ErrnoException as {@link #send(SocketMessage)}
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   */
  public void send(MemorySegment message, InetSocketAddress address) throws IOException {
    send(message, address, Deadline.NEVER);
  }

  /**
   * Sends a datagram; waits until {@code deadline} at most. Suspends until the system has accepted
   * it.
   *
   * @param message native memory, owned by the kernel until the call ends; it may be empty
   * @param address a resolved address
   * @param deadline when to stop waiting
   * @throws ErrnoException as {@link #send(SocketMessage)}
   * @throws java.net.UnknownHostException if {@code address} is not resolved
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  public void send(MemorySegment message, InetSocketAddress address, Deadline deadline)
      throws IOException {
    InetAddresses.requireResolved(address);
    transmit(message, address, deadline);
  }

  // ---- multicast

  /**
   * Joins a multicast group: the socket receives what is sent to the group's address and the
   * socket's port, from the group's {@linkplain MulticastGroup#source source} alone if it has one.
   * The socket has to be bound to a wildcard address or that of the group. From its first group on
   * it hears no group that only other sockets have joined (IP_MULTICAST_ALL). Closing the socket
   * leaves its groups. Does not suspend.
   *
   * <p>Several sockets that share a port with {@link SocketOption#REUSE_PORT} get a datagram each.
   * What is sent leaves by {@link SocketOption#MULTICAST_INTERFACE}.
   *
   * @param group the group; that of a socket for IPv4 alone must have an IPv4 address
   * @throws ErrnoException EADDRINUSE if it has joined the group on this interface, with this
   *     source or all; EAFNOSUPPORT if an IPv4 socket joins a group of IPv6; ENODEV if there is no
   *     such interface; ENOBUFS beyond the system's limit, {@code net.ipv4.igmp_max_memberships}
   * @throws IOException if the socket is closed
   */
  public void join(MulticastGroup group) throws IOException {
    endpoint.enter("join");
    MulticastMembership wanted = group.membership();
    if (memberships.stream().anyMatch(wanted::overlaps)) {
      throw new ErrnoException("join", group.toString(), Errno.EADDRINUSE.code());
    }
    SocketCalls.join(endpoint.loop, endpoint.handle(), wanted, group);
    memberships.add(wanted);
  }

  /**
   * Leaves a multicast group. Does not suspend.
   *
   * @param group a group that {@link #join} has joined
   * @throws ErrnoException EADDRNOTAVAIL if it was not joined, with this source
   * @throws IOException if the socket is closed
   */
  public void leave(MulticastGroup group) throws IOException {
    endpoint.enter("leave");
    MulticastMembership left = group.membership();
    if (!memberships.remove(left)) {
      throw new ErrnoException("leave", group.toString(), Errno.EADDRNOTAVAIL.code());
    }
    SocketCalls.leave(endpoint.loop, endpoint.handle(), left, group);
  }

  // ---- addresses and the end

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

  /** {@return the peer that the socket is connected to, or null} */
  public @Nullable InetSocketAddress remoteAddress() {
    return name.remote;
  }
}
