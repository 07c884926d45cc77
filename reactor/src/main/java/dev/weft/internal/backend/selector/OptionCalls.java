// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.backend.SocketType;
import java.io.IOException;
import java.net.NetworkInterface;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.util.Map;
import jdk.net.ExtendedSocketOptions;
import org.jspecify.annotations.Nullable;

/** Sets and reads options of sockets: those that the JDK has on this system. */
final class OptionCalls {
  private static final int UNKNOWN_OPTION = -Errno.ENOPROTOOPT.code();

  private OptionCalls() {}

  private static java.net.@Nullable SocketOption<Boolean> switchOf(SocketOption option) {
    return switch (option) {
      case REUSE_ADDRESS -> StandardSocketOptions.SO_REUSEADDR;
      case REUSE_PORT -> StandardSocketOptions.SO_REUSEPORT;
      case KEEP_ALIVE -> StandardSocketOptions.SO_KEEPALIVE;
      case NO_DELAY -> StandardSocketOptions.TCP_NODELAY;
      case MULTICAST_LOOP -> StandardSocketOptions.IP_MULTICAST_LOOP;
      case BROADCAST -> StandardSocketOptions.SO_BROADCAST;
      case QUICK_ACK -> ExtendedSocketOptions.TCP_QUICKACK;
      default -> null;
    };
  }

  private static java.net.@Nullable SocketOption<Integer> numberOf(SocketOption option) {
    return switch (option) {
      case RECEIVE_BUFFER -> StandardSocketOptions.SO_RCVBUF;
      case SEND_BUFFER -> StandardSocketOptions.SO_SNDBUF;
      case LINGER -> StandardSocketOptions.SO_LINGER;
      case TRAFFIC_CLASS -> StandardSocketOptions.IP_TOS;
      case MULTICAST_TTL -> StandardSocketOptions.IP_MULTICAST_TTL;
      case KEEP_IDLE -> ExtendedSocketOptions.TCP_KEEPIDLE;
      case KEEP_INTERVAL -> ExtendedSocketOptions.TCP_KEEPINTERVAL;
      case KEEP_COUNT -> ExtendedSocketOptions.TCP_KEEPCOUNT;
      default -> null;
    };
  }

  /** Sets an option; a socket that can become a listener, or is one, notes it. */
  static int set(SocketEntry socket, SocketOption option, int value) throws IOException {
    int result = setOf(socket, option, value);
    boolean isListeners = result == UNKNOWN_OPTION && socket.isListener();
    if (result == 0 || (isListeners && isOfConnections(option))) {
      socket.recordOption(option, value);
      return 0;
    }
    return result;
  }

  /** Whether connections have the option, although the JDK's listeners may not. */
  private static boolean isOfConnections(SocketOption option) {
    return switchOf(option) != null || numberOf(option) != null;
  }

  /**
   * Gives an accepted connection the options of its listener, as Linux does. The JDK's listeners
   * can't have them.
   */
  static void inherit(SocketEntry accepted, Map<SocketOption, Integer> options) {
    try {
      for (Map.Entry<SocketOption, Integer> option : options.entrySet()) {
        setOf(accepted, option.getKey(), option.getValue());
      }
    } catch (IOException e) {
      // Some systems refuse options of a connection that has ended: its next operation says so.
    }
  }

  private static int setOf(SocketEntry socket, SocketOption option, int value) throws IOException {
    if (option == SocketOption.USER_TIMEOUT) {
      socket.userTimeoutMillis(value);
      return 0;
    }
    return set(socket.network(), option, value);
  }

  /** Sets an option that is one of the channel's. */
  static int set(NetworkChannel channel, SocketOption option, int value) throws IOException {
    if (option == SocketOption.IPV6_ONLY) {
      return value == 0 ? 0 : UNKNOWN_OPTION; // the JDK's sockets always take both
    }
    if (option == SocketOption.MULTICAST_INTERFACE && hasInterface(channel)) {
      NetworkInterface found = NetworkInterface.getByIndex(value);
      if (found == null) {
        return -Errno.ENODEV.code();
      }
      channel.setOption(StandardSocketOptions.IP_MULTICAST_IF, found);
      return 0;
    }
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

  /** Answers a request for an option; returns 0 or -errno. */
  static int get(SocketEntry socket, Call call) throws IOException {
    SocketOption option = call.option();
    if (option == SocketOption.USER_TIMEOUT) {
      return call.answer(socket.userTimeoutMillis());
    }
    int result = get(socket.network(), call);
    Integer noted = result == UNKNOWN_OPTION ? socket.recordedOption(option) : null;
    return noted == null ? result : call.answer(noted);
  }

  /** As {@link #get(SocketEntry, Call)}, of an option that is one of the channel's. */
  static int get(NetworkChannel channel, Call call) throws IOException {
    SocketOption option = call.option();
    if (option == SocketOption.IPV6_ONLY || option == SocketOption.ERROR) {
      return call.answer(0); // the JDK reports an error with the next operation
    }
    if (option == SocketOption.TYPE) {
      boolean isDatagrams = channel instanceof DatagramChannel;
      return call.answer((isDatagrams ? SocketType.DATAGRAM : SocketType.STREAM).number());
    }
    if (option == SocketOption.MULTICAST_INTERFACE && hasInterface(channel)) {
      NetworkInterface found = channel.getOption(StandardSocketOptions.IP_MULTICAST_IF);
      return call.answer(found == null ? 0 : found.getIndex());
    }
    java.net.SocketOption<Boolean> named = switchOf(option);
    java.net.SocketOption<Integer> numbered = numberOf(option);
    if (named != null && channel.supportedOptions().contains(named)) {
      return call.answer(channel.getOption(named) ? 1 : 0);
    }
    if (numbered != null && channel.supportedOptions().contains(numbered)) {
      int value = channel.getOption(numbered);
      return call.answer(isBuffer(option) ? 2 * value : value); // as Linux doubles it
    }
    return UNKNOWN_OPTION;
  }

  private static boolean hasInterface(NetworkChannel channel) {
    return channel.supportedOptions().contains(StandardSocketOptions.IP_MULTICAST_IF);
  }

  private static boolean isBuffer(SocketOption option) {
    return option == SocketOption.RECEIVE_BUFFER || option == SocketOption.SEND_BUFFER;
  }
}
