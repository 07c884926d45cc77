// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.SocketOption;
import java.util.EnumMap;
import java.util.Map;

/** The options of a socket (socket(7), tcp(7), ipv6(7)). */
final class Options {
  private static final int BUFFER_DEFAULT = 1 << 16;
  private static final int BUFFER_MIN = 2304;
  private static final int BUFFER_MAX = 212_992;

  private static final int KEEP_IDLE_DEFAULT = 7200;
  private static final int KEEP_INTERVAL_DEFAULT = 75;
  private static final int KEEP_COUNT_DEFAULT = 9;
  private static final int SECONDS_MAX = 32_767;
  private static final int PROBES_MAX = 127;
  private static final int BYTE_MAX = 255;
  private static final int UNPRIVILEGED_PRIORITY_MAX = 6;

  /** The bits of the traffic class that TCP uses for congestion (RFC 3168). */
  private static final int CONGESTION_BITS = 3;

  /** The value of LINGER that leaves the close to the kernel. */
  private static final int NO_LINGER = -1;

  /** The values of the options that this socket has. */
  private final Map<SocketOption, Integer> values = new EnumMap<>(SocketOption.class);

  int receiveBytes = BUFFER_DEFAULT;
  int sendBytes = BUFFER_DEFAULT;

  Options(boolean ipv6) {
    for (SocketOption option : SocketOption.values()) {
      switch (option) {
        case IPV6_ONLY -> {
          if (ipv6) {
            values.put(option, 0);
          }
        }
        case ERROR, TYPE, RECEIVE_BUFFER, SEND_BUFFER -> {}
        default -> values.put(option, Range.of(option).initial);
      }
    }
  }

  /** The values that an option takes, its first one, and what others fail with. */
  private record Range(int initial, int from, int to, Errno failure) {
    static final Range SWITCH = of(0, Integer.MIN_VALUE, Integer.MAX_VALUE);
    static final Range ANY = SWITCH;
    static final Range SECONDS = of(0, 1, SECONDS_MAX);

    static Range of(int initial, int from, int to) {
      return new Range(initial, from, to, Errno.EINVAL);
    }

    Range startingWith(int initial) {
      return new Range(initial, from, to, failure);
    }

    static Range of(SocketOption option) {
      return switch (option) {
        case KEEP_IDLE -> SECONDS.startingWith(KEEP_IDLE_DEFAULT);
        case KEEP_INTERVAL -> SECONDS.startingWith(KEEP_INTERVAL_DEFAULT);
        case KEEP_COUNT -> of(KEEP_COUNT_DEFAULT, 1, PROBES_MAX);
        case QUICK_ACK -> SWITCH.startingWith(1);
        case FAST_OPEN_QUEUE, USER_TIMEOUT -> of(0, 0, Integer.MAX_VALUE);
        case LINGER -> ANY.startingWith(NO_LINGER);
        case INCOMING_CPU -> ANY.startingWith(-1);
        case TRAFFIC_CLASS -> of(0, 0, BYTE_MAX);
        case MULTICAST_INTERFACE ->
            new Range(0, Network.LOOPBACK_INDEX, Network.LOOPBACK_INDEX, Errno.ENODEV);
        case MULTICAST_TTL -> of(1, 0, BYTE_MAX);
        case MULTICAST_LOOP -> SWITCH.startingWith(1);
        case PRIORITY -> new Range(0, 0, UNPRIVILEGED_PRIORITY_MAX, Errno.EPERM);
        case MARK -> new Range(0, 0, 0, Errno.EPERM); // it needs a privilege
        default -> SWITCH;
      };
    }

    boolean contains(int value) {
      return value >= from && value <= to;
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

  boolean reportsLocalAddress() {
    return has(SocketOption.PACKET_INFO);
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
        Range range = Range.of(option);
        boolean tooLate = option == SocketOption.IPV6_ONLY && isBound;
        if (tooLate || !range.contains(value)) {
          return -(tooLate ? Errno.EINVAL : range.failure).code();
        }
        values.put(option, kept(option, value));
      }
    }
    return 0;
  }

  private static int kept(SocketOption option, int value) {
    return switch (option) {
      case REUSE_ADDRESS, REUSE_PORT, KEEP_ALIVE, BROADCAST, NO_DELAY, CORK, QUICK_ACK ->
          bit(value);
      case FAST_OPEN_CONNECT, IPV6_ONLY, BIND_WITHOUT_PORT, MULTICAST_LOOP, PACKET_INFO ->
          bit(value);
      case TRAFFIC_CLASS -> value & ~CONGESTION_BITS;
      case LINGER -> Math.max(value, NO_LINGER);
      default -> value;
    };
  }

  private static int bit(int value) {
    return value == 0 ? 0 : 1;
  }

  /** The kernel doubles the requested size, to have room for its bookkeeping (socket(7)). */
  private static int doubled(int value) {
    return Math.max(2 * Math.min(Math.max(value, 0), BUFFER_MAX), BUFFER_MIN);
  }

  /** Answers a request for an option; returns 0 or -errno. */
  int get(Call call) {
    SocketOption option = call.option();
    return switch (option) {
      case RECEIVE_BUFFER -> call.answer(receiveBytes);
      case SEND_BUFFER -> call.answer(sendBytes);
      default -> {
        Integer value = values.get(option);
        yield value == null ? -Errno.EOPNOTSUPP.code() : call.answer(value);
      }
    };
  }
}
