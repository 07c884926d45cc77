// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.SocketType;
import dev.weft.internal.backend.UnixAddress;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;

/** The calls on sockets. They do not wait. */
final class SocketCalls {
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;

  private SocketCalls() {}

  /** Makes a socket; returns its number, or -errno. */
  static int open(SelectorBackend backend, ProtocolFamily family, SocketType type) {
    if (!(family instanceof StandardProtocolFamily known)) {
      return -Errno.EAFNOSUPPORT.code();
    }
    if (type == SocketType.SEQUENCED
        || (family == StandardProtocolFamily.UNIX && type == SocketType.DATAGRAM)) {
      return -Errno.ESOCKTNOSUPPORT.code();
    }
    try {
      backend.descriptors.reserve(1);
      return backend.descriptors.add(
          type == SocketType.STREAM ? SocketEntry.open(family) : DatagramEntry.open(known));
    } catch (UnsupportedOperationException e) {
      return -Errno.EAFNOSUPPORT.code(); // no IPv6 here
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /** Takes over a connection; returns its number, or -errno. */
  static int adopt(SelectorBackend backend, SocketChannel channel) {
    try {
      backend.descriptors.reserve(1);
      channel.configureBlocking(false);
      boolean six =
          channel.getLocalAddress() instanceof InetSocketAddress address
              && address.getAddress() instanceof Inet6Address;
      ProtocolFamily family = six ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
      return backend.descriptors.add(new SocketEntry(family, channel, true));
    } catch (IOException e) {
      return -ErrnoOfFailure.code(e);
    }
  }

  /** The address of a request, which must be one of the internet. */
  static InetSocketAddress internet(SocketAddress address) {
    if (!(address instanceof InetSocketAddress internet)) {
      throw new IllegalArgumentException("not an address of the internet: " + address);
    }
    if (internet.getAddress() == null) {
      throw new IllegalArgumentException("the address is not resolved: " + address);
    }
    return internet;
  }

  /**
   * An address in the form of the JDK.
   *
   * @throws IllegalArgumentException if the JDK has none
   */
  static SocketAddress known(SocketAddress address) {
    if (!(address instanceof UnixAddress unix)) {
      return internet(address);
    }
    if (unix.publicForm() instanceof UnixDomainSocketAddress path) {
      return path;
    }
    throw new IllegalArgumentException("the JDK has no such address: " + address);
  }

  /** An address of the JDK's in the form of backends. */
  static SocketAddress ofBackend(SocketAddress address) {
    if (!(address instanceof UnixDomainSocketAddress path)) {
      return address;
    }
    String text = path.getPath().toString();
    UnixAddress found =
        text.isEmpty() ? UnixAddress.UNNAMED : new UnixAddress(text.getBytes(UTF_8), false);
    found.publicForm(address);
    return found;
  }

  static int perform(SelectorBackend backend, SocketEntry socket, Call call) throws IOException {
    switch (call.kind()) {
      case BIND -> {
        backend.descriptors.finishCloses(); // the port can be that of a socket that has been closed
        return socket.bind(known(call.wanted()));
      }
      case LISTEN -> {
        backend.descriptors.finishCloses();
        return socket.listen(call.detail());
      }
      case LOCAL_ADDRESS -> {
        SocketAddress found = socket.network().getLocalAddress();
        call.answer(found == null ? unbound(socket.family()) : ofBackend(found));
        return 0;
      }
      case REMOTE_ADDRESS -> {
        SocketAddress found = socket.remoteAddress();
        if (found == null) {
          return -Errno.ENOTCONN.code();
        }
        call.answer(ofBackend(found));
        return 0;
      }
      case SET_OPTION -> {
        return OptionCalls.set(socket, call.option(), call.detail());
      }
      case GET_OPTION -> {
        return OptionCalls.get(socket, call);
      }
      case JOIN_GROUP, LEAVE_GROUP, UNREAD_BYTES, UNSENT_BYTES, CONNECTION_INFO -> {
        return Entry.UNSUPPORTED;
      }
      default -> throw new AssertionError(call);
    }
  }

  /** The local address of a socket that has none yet. */
  static SocketAddress unbound(ProtocolFamily family) throws IOException {
    if (family == StandardProtocolFamily.UNIX) {
      return UnixAddress.UNNAMED;
    }
    int bytes = family == StandardProtocolFamily.INET6 ? IPV6_BYTES : IPV4_BYTES;
    return new InetSocketAddress(InetAddress.getByAddress(new byte[bytes]), 0);
  }
}
