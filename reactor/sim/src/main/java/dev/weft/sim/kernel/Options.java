// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.SocketOption;
import java.util.EnumMap;
import java.util.Map;

/** The options of a socket (socket(7), tcp(7), ipv6(7)). */
final class Options {
  private static final int BUFFER_DEFAULT = 1 << 16;
  private static final int BUFFER_MIN = 2304;
  private static final int BUFFER_MAX = 212_992;

  /** The value of LINGER that leaves the close to the kernel. */
  private static final int NO_LINGER = -1;

  /** The values of the options that this socket has. */
  private final Map<SocketOption, Integer> values = new EnumMap<>(SocketOption.class);

  int receiveBytes = BUFFER_DEFAULT;
  int sendBytes = BUFFER_DEFAULT;

  Options(boolean ipv6) {
    for (SocketOption option : SocketOption.values()) {
      switch (option) {
        case LINGER -> values.put(option, NO_LINGER);
        case IPV6_ONLY -> {
          if (ipv6) {
            values.put(option, 0);
          }
        }
        case ERROR, RECEIVE_BUFFER, SEND_BUFFER -> {}
        default -> values.put(option, 0);
      }
    }
  }

  private Options(Options from) {
    values.putAll(from.values);
    receiveBytes = from.receiveBytes;
    sendBytes = from.sendBytes;
  }

  /** Returns a copy, as an accepted socket inherits it. */
  Options copy() {
    return new Options(this);
  }

  private boolean has(SocketOption option) {
    return values.getOrDefault(option, 0) != 0;
  }

  boolean reusesAddress() {
    return has(SocketOption.REUSE_ADDRESS);
  }

  boolean reusesPort() {
    return has(SocketOption.REUSE_PORT);
  }

  boolean isIpv6Only() {
    return has(SocketOption.IPV6_ONLY);
  }

  boolean resetsOnClose() {
    return !has(SocketOption.LINGER);
  }

  /** Returns how long the other end may leave sent data unread, in nanoseconds; 0 is unlimited. */
  long userTimeoutNanos() {
    return values.getOrDefault(SocketOption.USER_TIMEOUT, 0) * 1_000_000L;
  }

  int set(SocketOption option, int value, boolean isBound) {
    switch (option) {
      case RECEIVE_BUFFER -> receiveBytes = doubled(value);
      case SEND_BUFFER -> sendBytes = doubled(value);
      default -> {
        if (!values.containsKey(option)) {
          return -Errno.ENOPROTOOPT.code();
        }
        boolean tooLate = option == SocketOption.IPV6_ONLY && isBound;
        if (tooLate || (option == SocketOption.USER_TIMEOUT && value < 0)) {
          return -Errno.EINVAL.code();
        }
        values.put(option, isSwitch(option) && value != 0 ? 1 : value);
      }
    }
    return 0;
  }

  private static boolean isSwitch(SocketOption option) {
    return option != SocketOption.USER_TIMEOUT && option != SocketOption.LINGER;
  }

  /** The kernel doubles the requested size, to have room for its bookkeeping (socket(7)). */
  private static int doubled(int value) {
    return Math.max(2 * Math.min(Math.max(value, 0), BUFFER_MAX), BUFFER_MIN);
  }

  int get(SocketOption option) {
    return switch (option) {
      case RECEIVE_BUFFER -> receiveBytes;
      case SEND_BUFFER -> sendBytes;
      default -> values.getOrDefault(option, -Errno.ENOPROTOOPT.code());
    };
  }
}
