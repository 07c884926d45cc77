// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.Message;
import dev.weft.internal.backend.MulticastMembership;
import dev.weft.internal.backend.PollEvents;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A UDP socket (udp(7)). Datagrams can be lost, doubled and reordered, if so configured. */
final class DatagramSocket extends InternetSocket {
  /** The longest datagram: 65535 bytes without the headers of IPv4 and UDP. */
  private static final int LENGTH_MAX = 65507;

  /** How much later a datagram arrives at least that those behind it pass. */
  private static final long REORDERING_NANOS = 1_000_000;

  private static final class Datagram {
    final InetSocketAddress source;
    final InetAddress destination;
    final byte[] bytes;

    Datagram(InetSocketAddress source, InetAddress destination, byte[] bytes) {
      this.source = source;
      this.destination = destination;
      this.bytes = bytes;
    }
  }

  private final Deque<Datagram> received = new ArrayDeque<>();
  private int receivedBytes;

  /** Sent bytes that have not arrived. */
  private int inFlight;

  /** When the last datagram arrives that keeps its order. */
  private long lastArrival;

  /** The multicast groups that it has joined. */
  private final Set<MulticastMembership> memberships = new LinkedHashSet<>();

  DatagramSocket(Kernel kernel, boolean ipv6, Options options) {
    super(kernel, ipv6, options);
  }

  @Override
  boolean isConnected() {
    return remote != null;
  }

  @Override
  Network network() {
    return kernel.datagrams();
  }

  @Override
  int listen(int backlog) {
    return failure(Errno.EOPNOTSUPP);
  }

  @Override
  int shutdown(Direction direction) {
    return failure(remote == null ? Errno.ENOTCONN : Errno.EOPNOTSUPP);
  }

  /** Sets the peer, which sends and receives nothing yet. */
  int connect(InetSocketAddress address) {
    InetSocketAddress destination = SocketAddress.destination(address);
    int refusal = route(destination);
    if (refusal == 0) {
      remote = destination;
    }
    return refusal;
  }

  /** Checks an address, and gives the socket one that the other end can reply to. */
  private int route(InetSocketAddress destination) {
    boolean six = SocketAddress.isIpv6(destination);
    if (six && !ipv6) {
      return failure(Errno.EAFNOSUPPORT);
    }
    boolean isReachable =
        SocketAddress.isLocal(destination) || destination.getAddress().isMulticastAddress();
    if (!isReachable || (!six && options.isIpv6Only())) {
      return failure(Errno.ENETUNREACH);
    }
    return local != null ? 0 : network().bind(this, kernel.anyAddress(ipv6));
  }

  /** Those of the next datagram (udp(7)). */
  @Override
  int unreadBytes() {
    Datagram next = received.peek();
    return next == null ? 0 : next.bytes.length;
  }

  @Override
  int unsentBytes() {
    return inFlight;
  }

  @Override
  int describe(ConnectionInfo info) {
    return failure(Errno.EOPNOTSUPP);
  }

  // ---- sending

  @Override
  int write(Request request) {
    return send(request, null);
  }

  /** Sends a datagram; to the peer if {@code wanted} is null. */
  int send(Request request, @Nullable InetSocketAddress wanted) {
    if (error != 0) {
      return -takeError();
    }
    InetSocketAddress destination = wanted == null ? remote : SocketAddress.destination(wanted);
    if (destination == null) {
      return failure(Errno.EDESTADDRREQ);
    }
    if (request.length > LENGTH_MAX) {
      return failure(Errno.EMSGSIZE);
    }
    if (destination.getPort() == 0) {
      return failure(Errno.EINVAL);
    }
    int refusal = route(destination);
    if (refusal < 0) {
      return refusal;
    }
    if (request.local != null && !isMine(request.local, destination)) {
      return failure(Errno.ENETUNREACH);
    }
    if (inFlight >= options.sendBytes) {
      return BLOCKED;
    }
    byte[] bytes = request.length == 0 ? new byte[0] : request.load(0, request.length);
    inFlight += bytes.length;
    InetSocketAddress source = source(destination, request.local);
    transmit(destination, new Datagram(source, destination.getAddress(), bytes));
    return bytes.length;
  }

  /** Whether datagrams to {@code destination} can come from an address. */
  private static boolean isMine(InetAddress address, InetSocketAddress destination) {
    InetSocketAddress source = new InetSocketAddress(address, 0);
    return SocketAddress.isIpv6(source) == SocketAddress.isIpv6(destination)
        && SocketAddress.isLocal(source);
  }

  private InetSocketAddress source(InetSocketAddress destination, @Nullable InetAddress wanted) {
    InetSocketAddress mine = local;
    assert mine != null;
    if (wanted != null) {
      return new InetSocketAddress(wanted, mine.getPort());
    }
    InetAddress address =
        SocketAddress.isWildcard(mine) ? SocketAddress.sourceFor(destination) : mine.getAddress();
    return new InetSocketAddress(address, mine.getPort());
  }

  private void transmit(InetSocketAddress destination, Datagram datagram) {
    long time = kernel.now() + kernel.latency();
    boolean isLost = kernel.losesDatagram();
    if (kernel.reordersDatagram()) {
      time = Math.max(time, lastArrival) + REORDERING_NANOS + kernel.latency();
    } else {
      time = Math.max(time, lastArrival);
      lastArrival = time;
    }
    kernel.later(
        time,
        () -> {
          inFlight -= datagram.bytes.length;
          kernel.changed(this);
          if (!isLost) {
            arrive(destination, datagram);
          }
        });
    if (kernel.doublesDatagram()) {
      kernel.later(time + kernel.latency(), () -> arrive(destination, datagram));
    }
  }

  private void arrive(InetSocketAddress destination, Datagram datagram) {
    if (destination.getAddress().isMulticastAddress()) {
      network().members(destination, datagram.source).forEach(member -> member.store(datagram));
      return;
    }
    DatagramSocket receiver = network().receiver(destination, datagram.source);
    if (receiver != null) {
      receiver.store(datagram);
    } else if (destination.equals(remote)) {
      kernel.later(kernel.now() + kernel.latency(), this::refused);
    }
  }

  /** A router or the other machine reports that no socket has the port (icmp(7)). */
  private void refused() {
    error = Errno.ECONNREFUSED.code();
    kernel.changed(this);
  }

  private void store(Datagram datagram) {
    if (received.isEmpty() || receivedBytes + datagram.bytes.length <= options.receiveBytes) {
      received.add(datagram);
      receivedBytes += datagram.bytes.length;
      kernel.changed(this);
    }
  }

  // ---- multicast

  /** Joins a group; returns 0 or -errno. */
  int join(MulticastMembership wanted) {
    if (!wanted.group().isMulticastAddress()) {
      return failure(Errno.EINVAL);
    }
    if (wanted.group() instanceof Inet6Address && !ipv6) {
      return failure(Errno.EAFNOSUPPORT);
    }
    if (wanted.interfaceIndex() != Network.LOOPBACK_INDEX) {
      return failure(Errno.ENODEV);
    }
    if (memberships.stream().anyMatch(wanted::overlaps)) {
      return failure(Errno.EADDRINUSE);
    }
    memberships.add(wanted);
    return 0;
  }

  int leave(MulticastMembership joined) {
    return memberships.remove(joined) ? 0 : failure(Errno.EADDRNOTAVAIL);
  }

  /** Whether it has joined a group with that sender. */
  boolean hears(InetAddress group, InetAddress sender) {
    return memberships.stream().anyMatch(each -> each.group().equals(group) && each.hears(sender));
  }

  // ---- receiving

  @Override
  int read(Request request) {
    return receive(request, null);
  }

  /** Receives a datagram; {@code message} gets what is known of it besides the bytes. */
  int receive(Request request, @Nullable Message message) {
    if (error != 0) {
      return -takeError();
    }
    Datagram datagram = request.peeks() ? received.peek() : received.poll();
    if (datagram == null) {
      return BLOCKED;
    }
    byte[] bytes = datagram.bytes;
    receivedBytes -= request.peeks() ? 0 : bytes.length;
    int count = Math.min(bytes.length, request.length);
    if (count > 0) {
      request.store(count < bytes.length ? Arrays.copyOf(bytes, count) : bytes);
    }
    if (message != null) {
      message.received(known(datagram.source, message), count < bytes.length);
      if (message.takesLocal() && options.reportsLocalAddress()) {
        message.from(localOf(datagram));
      }
    }
    return count;
  }

  private static @Nullable InetAddress localOf(Datagram datagram) {
    InetAddress destination = datagram.destination;
    if (!destination.isMulticastAddress()) {
      return destination;
    }
    return destination instanceof Inet6Address
        ? null
        : SocketAddress.sourceFor(new InetSocketAddress(destination, 0));
  }

  /** The object that {@code message} had for the same sender the last time. */
  private static InetSocketAddress known(InetSocketAddress source, Message message) {
    if (message.encodedAddress() instanceof InetSocketAddress last && last.equals(source)) {
      return last;
    }
    message.keep(source);
    return source;
  }

  @Override
  int ready() {
    int readable = received.isEmpty() && error == 0 ? 0 : PollEvents.READABLE;
    int writable = inFlight < options.sendBytes ? PollEvents.WRITABLE : 0;
    return readable | writable | (error == 0 ? 0 : PollEvents.ERROR);
  }

  @Override
  void released() {
    network().release(this);
  }

  @Override
  public String toString() {
    return "UDP socket"
        + (local == null ? "" : " " + local)
        + (remote == null ? "" : " to " + remote);
  }
}
