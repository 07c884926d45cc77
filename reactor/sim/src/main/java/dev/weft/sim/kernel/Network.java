// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.sim.env.SeededRandom;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Maps addresses to sockets: bind(2), ip(7). */
final class Network {
  /** The index of the only interface. It loops back whatever is sent. */
  static final int LOOPBACK_INDEX = 1;

  private static final int EPHEMERAL_FIRST = 32768;
  private static final int EPHEMERAL_COUNT = 28232;

  private final SeededRandom chance;
  private final List<InternetSocket> bound = new ArrayList<>();

  Network(SeededRandom chance) {
    this.chance = chance;
  }

  /** Binds {@code socket} to an address; returns 0 or -errno. */
  int bind(InternetSocket socket, InetSocketAddress requested) {
    if (!SocketAddress.isLocal(requested) && !requested.getAddress().isMulticastAddress()) {
      return -Errno.EADDRNOTAVAIL.code();
    }
    if (requested.getPort() != 0) {
      return claim(socket, requested) ? 0 : -Errno.EADDRINUSE.code();
    }
    int start = chance.below(EPHEMERAL_COUNT);
    for (int i = 0; i < EPHEMERAL_COUNT; i++) {
      int port = EPHEMERAL_FIRST + (start + i) % EPHEMERAL_COUNT;
      if (isPortFree(port)) {
        return claim(socket, new InetSocketAddress(requested.getAddress(), port))
            ? 0
            : -Errno.EADDRINUSE.code();
      }
    }
    return -Errno.EADDRINUSE.code();
  }

  private boolean isPortFree(int port) {
    return bound.stream().noneMatch(other -> other.localPort() == port);
  }

  private boolean claim(InternetSocket socket, InetSocketAddress address) {
    for (InternetSocket other : bound) {
      if (overlaps(socket, address, other) && !mayShare(socket, other)) {
        return false;
      }
    }
    socket.local = address;
    bound.add(socket);
    return true;
  }

  private static boolean overlaps(
      InternetSocket socket, InetSocketAddress address, InternetSocket other) {
    InetSocketAddress taken = other.local;
    if (taken == null || taken.getPort() != address.getPort()) {
      return false;
    }
    boolean ipv6 = SocketAddress.isIpv6(address);
    if (ipv6 == SocketAddress.isIpv6(taken)) {
      return SocketAddress.isWildcard(address)
          || SocketAddress.isWildcard(taken)
          || taken.getAddress().equals(address.getAddress());
    }
    // An IPv6 wildcard takes IPv4 too, unless IPV6_V6ONLY is set.
    InternetSocket six = ipv6 ? socket : other;
    InetSocketAddress sixAddress = ipv6 ? address : taken;
    return SocketAddress.isWildcard(sixAddress) && !six.options.isIpv6Only();
  }

  private static boolean mayShare(InternetSocket socket, InternetSocket other) {
    return (socket.options.reusesPort() && other.options.reusesPort())
        || (socket.options.reusesAddress()
            && other.options.reusesAddress()
            && !other.isListening());
  }

  /** Whether a bound socket may listen beside the others. */
  boolean mayListen(InternetSocket socket) {
    InetSocketAddress address = socket.local;
    assert address != null;
    for (InternetSocket other : bound) {
      if (other != socket
          && other.isListening()
          && overlaps(socket, address, other)
          && !(socket.options.reusesPort() && other.options.reusesPort())) {
        return false;
      }
    }
    return true;
  }

  /** The listener that a connection to {@code destination} reaches, or null. */
  @Nullable Socket listener(InetSocketAddress destination) {
    return (Socket) find(destination, InternetSocket::isListening);
  }

  /** The socket that a datagram from {@code source} reaches, or null. */
  @Nullable DatagramSocket receiver(InetSocketAddress destination, InetSocketAddress source) {
    InternetSocket connected = find(destination, socket -> source.equals(socket.remote));
    return (DatagramSocket)
        (connected != null ? connected : find(destination, socket -> socket.remote == null));
  }

  /** The sockets that a multicast datagram from {@code source} reaches. */
  List<DatagramSocket> members(InetSocketAddress group, InetSocketAddress source) {
    List<DatagramSocket> members = new ArrayList<>();
    for (InternetSocket socket : bound) {
      InetSocketAddress local = socket.local;
      if (socket instanceof DatagramSocket member
          && local != null
          && local.getPort() == group.getPort()
          && (SocketAddress.isWildcard(local) || local.getAddress().equals(group.getAddress()))
          && (socket.remote == null || source.equals(socket.remote))
          && member.hears(group.getAddress(), source.getAddress())) {
        members.add(member);
      }
    }
    return members;
  }

  private @Nullable InternetSocket find(
      InetSocketAddress destination, Predicate<InternetSocket> condition) {
    List<InternetSocket> exact = new ArrayList<>();
    List<InternetSocket> wildcard = new ArrayList<>();
    for (InternetSocket socket : bound) {
      InetSocketAddress local = socket.local;
      if (local == null || local.getPort() != destination.getPort() || !condition.test(socket)) {
        continue;
      }
      boolean sameFamily = SocketAddress.isIpv6(local) == SocketAddress.isIpv6(destination);
      if (sameFamily && local.getAddress().equals(destination.getAddress())) {
        exact.add(socket);
      } else if (SocketAddress.isWildcard(local)
          && (sameFamily || (SocketAddress.isIpv6(local) && !socket.options.isIpv6Only()))) {
        wildcard.add(socket);
      }
    }
    List<InternetSocket> candidates = exact.isEmpty() ? wildcard : exact;
    return candidates.isEmpty() ? null : candidates.get(chance.below(candidates.size()));
  }

  void release(InternetSocket socket) {
    bound.remove(socket);
  }

  /** A network of its own for another protocol, whose ports are others. */
  Network ofOtherProtocol() {
    return new Network(chance.fork());
  }
}
