// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The calls on sockets. They do not wait. */
final class SocketCalls {
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;
  private static final int UNKNOWN_OPTION = -Errno.ENOPROTOOPT.code();

  private SocketCalls() {}

  /** Makes a socket; returns its number, or -errno. */
  static int open(SelectorBackend backend, ProtocolFamily family, SocketType type) {
    if (type != SocketType.STREAM) {
      return -Errno.ESOCKTNOSUPPORT.code();
    }
    if (family != StandardProtocolFamily.INET && family != StandardProtocolFamily.INET6) {
      return -Errno.EAFNOSUPPORT.code();
    }
    try {
      backend.descriptors.reserve(1);
      SocketChannel channel = SocketChannel.open(family);
      channel.configureBlocking(false);
      return backend.descriptors.add(new SocketEntry(family, channel, false));
    } catch (UnsupportedOperationException e) {
      return -Errno.EAFNOSUPPORT.code(); // no IPv6 here
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

  static int perform(SelectorBackend backend, SocketEntry socket, Call call) throws IOException {
    switch (call.kind()) {
      case BIND -> {
        backend.descriptors.finishCloses(); // the port can be that of a socket that has been closed
        return socket.bind(internet(call.wanted()));
      }
      case LISTEN -> {
        backend.descriptors.finishCloses();
        return socket.listen(call.detail());
      }
      case LOCAL_ADDRESS -> {
        SocketAddress found = socket.network().getLocalAddress();
        call.answer(found == null ? unbound(socket.family()) : found);
        return 0;
      }
      case REMOTE_ADDRESS -> {
        InetSocketAddress found = socket.remoteAddress();
        if (found == null) {
          return -Errno.ENOTCONN.code();
        }
        call.answer(found);
        return 0;
      }
      case SET_OPTION -> {
        int result = set(socket, call.option(), call.detail());
        if (result == 0) {
          socket.recordOption(call.option(), call.detail());
        }
        return result;
      }
      case GET_OPTION -> {
        return get(socket, call.option());
      }
      default -> throw new AssertionError(call);
    }
  }

  private static InetSocketAddress unbound(ProtocolFamily family) throws IOException {
    int bytes = family == StandardProtocolFamily.INET6 ? IPV6_BYTES : IPV4_BYTES;
    return new InetSocketAddress(InetAddress.getByAddress(new byte[bytes]), 0);
  }

  // ---- options

  private static java.net.@Nullable SocketOption<Boolean> switchOf(SocketOption option) {
    return switch (option) {
      case REUSE_ADDRESS -> StandardSocketOptions.SO_REUSEADDR;
      case REUSE_PORT -> StandardSocketOptions.SO_REUSEPORT;
      case KEEP_ALIVE -> StandardSocketOptions.SO_KEEPALIVE;
      case NO_DELAY -> StandardSocketOptions.TCP_NODELAY;
      default -> null;
    };
  }

  private static java.net.@Nullable SocketOption<Integer> numberOf(SocketOption option) {
    return switch (option) {
      case RECEIVE_BUFFER -> StandardSocketOptions.SO_RCVBUF;
      case SEND_BUFFER -> StandardSocketOptions.SO_SNDBUF;
      case LINGER -> StandardSocketOptions.SO_LINGER;
      default -> null;
    };
  }

  /**
   * Gives an accepted connection the options of its listener, as Linux does. The JDK's listeners
   * can't have them.
   */
  static void inherit(SocketEntry accepted, Map<SocketOption, Integer> options) {
    try {
      for (Map.Entry<SocketOption, Integer> option : options.entrySet()) {
        set(accepted, option.getKey(), option.getValue());
      }
    } catch (IOException e) {
      // Some systems refuse options of a connection that has ended: its next operation says so.
    }
  }

  private static int set(SocketEntry socket, SocketOption option, int value) throws IOException {
    if (option == SocketOption.USER_TIMEOUT) {
      socket.userTimeoutMillis(value);
      return 0;
    }
    if (option == SocketOption.IPV6_ONLY) {
      return value == 0 ? 0 : UNKNOWN_OPTION; // the JDK's sockets always take both
    }
    NetworkChannel channel = socket.network();
    java.net.SocketOption<Boolean> named = switchOf(option);
    java.net.SocketOption<Integer> numbered = numberOf(option);
    if (named != null && channel.supportedOptions().contains(named)) {
      channel.setOption(named, value != 0);
      return 0;
    }
    if (numbered != null && channel.supportedOptions().contains(numbered)) {
      channel.setOption(numbered, value);
      return 0;
    }
    return UNKNOWN_OPTION;
  }

  private static int get(SocketEntry socket, SocketOption option) throws IOException {
    if (option == SocketOption.USER_TIMEOUT) {
      return socket.userTimeoutMillis();
    }
    if (option == SocketOption.IPV6_ONLY || option == SocketOption.ERROR) {
      return 0; // the JDK reports an error with the next operation
    }
    NetworkChannel channel = socket.network();
    java.net.SocketOption<Boolean> named = switchOf(option);
    java.net.SocketOption<Integer> numbered = numberOf(option);
    if (named != null && channel.supportedOptions().contains(named)) {
      return channel.getOption(named) ? 1 : 0;
    }
    if (numbered != null && channel.supportedOptions().contains(numbered)) {
      int value = channel.getOption(numbered);
      return option == SocketOption.LINGER ? Math.max(value, 0) : 2 * value; // as Linux doubles it
    }
    return UNKNOWN_OPTION;
  }
}
