// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import java.time.Duration;

/**
 * Option of a socket, by name (socket(7), tcp(7), ip(7), ipv6(7)): for {@link SocketOptions} before
 * a socket is opened, and for {@code setOption} and {@code getOption} of an open one.
 *
 * <p>An option that the socket does not have is an {@link dev.weft.error.ErrnoException} with
 * ENOPROTOOPT or EOPNOTSUPP. One that the backend does not have is an {@link
 * UnsupportedOperationException}: on a selector that is every option which the JDK does not have.
 *
 * <p>Connections that a listener accepts have its options.
 *
 * @param <T> the type of the value: Boolean, Integer or {@link Duration}. Durations are rounded up
 *     to the unit that the option has
 */
public final class SocketOption<T> {
  /** What a value is to the system. */
  private enum Unit {
    SWITCH,
    NUMBER,
    SECONDS,
    MILLISECONDS
  }

  private static final int SECONDS_MAX = 32_767;
  private static final int PROBES_MAX = 127;
  private static final int BYTE_MAX = 255;
  private static final int ALL = Integer.MAX_VALUE;
  private static final Duration ROUNDING = Duration.ofNanos(999_999_999);
  private static final Duration MILLI_ROUNDING = Duration.ofNanos(999_999);

  /**
   * SO_REUSEADDR: bind even if connections of an earlier server are in TIME_WAIT. UDP sockets are
   * not opened with it: others could take their datagrams.
   */
  public static final SocketOption<Boolean> REUSE_ADDRESS =
      ofSwitch(dev.weft.internal.backend.SocketOption.REUSE_ADDRESS);

  /**
   * SO_REUSEPORT: several listeners or UDP sockets share the port, and the kernel distributes
   * clients to them.
   */
  public static final SocketOption<Boolean> REUSE_PORT =
      ofSwitch(dev.weft.internal.backend.SocketOption.REUSE_PORT);

  /** SO_KEEPALIVE: probe idle connections. */
  public static final SocketOption<Boolean> KEEP_ALIVE =
      ofSwitch(dev.weft.internal.backend.SocketOption.KEEP_ALIVE);

  /** TCP_KEEPIDLE, in seconds from 1 to 32767: how long a connection is idle before a probe. */
  public static final SocketOption<Duration> KEEP_IDLE =
      ofSeconds(dev.weft.internal.backend.SocketOption.KEEP_IDLE, 1, SECONDS_MAX);

  /** TCP_KEEPINTVL, in seconds from 1 to 32767: the time between probes. */
  public static final SocketOption<Duration> KEEP_INTERVAL =
      ofSeconds(dev.weft.internal.backend.SocketOption.KEEP_INTERVAL, 1, SECONDS_MAX);

  /** TCP_KEEPCNT, from 1 to 127: how many probes are left unanswered before a connection ends. */
  public static final SocketOption<Integer> KEEP_COUNT =
      ofNumber(dev.weft.internal.backend.SocketOption.KEEP_COUNT, 1, PROBES_MAX);

  /**
   * TCP_USER_TIMEOUT, in milliseconds, up to 24 days: the kernel ends a connection whose peer has
   * acknowledged none of the data sent to it, or has kept its receive window closed, for that long;
   * zero for no such limit.
   */
  public static final SocketOption<Duration> USER_TIMEOUT =
      new SocketOption<>(
          dev.weft.internal.backend.SocketOption.USER_TIMEOUT,
          Duration.class,
          Unit.MILLISECONDS,
          0,
          ALL);

  /** TCP_NODELAY: send small segments immediately. */
  public static final SocketOption<Boolean> NO_DELAY =
      ofSwitch(dev.weft.internal.backend.SocketOption.NO_DELAY);

  /**
   * TCP_CORK: send full segments only, until it is off again, for 200 ms at most. Linux only; not
   * on a selector.
   */
  public static final SocketOption<Boolean> CORK =
      ofSwitch(dev.weft.internal.backend.SocketOption.CORK);

  /**
   * TCP_QUICKACK: acknowledge immediately. The kernel turns it off by itself when it expects to
   * send something soon. Linux only.
   */
  public static final SocketOption<Boolean> QUICK_ACK =
      ofSwitch(dev.weft.internal.backend.SocketOption.QUICK_ACK);

  /**
   * TCP_FASTOPEN of a listener: how many connections with early data may be in their handshake; 0
   * takes no early data (RFC 7413). Only where {@code net.ipv4.tcp_fastopen} has the bit 2. Not on
   * a selector.
   */
  public static final SocketOption<Integer> FAST_OPEN_QUEUE =
      ofNumber(dev.weft.internal.backend.SocketOption.FAST_OPEN_QUEUE, 0, ALL);

  /**
   * TCP_FASTOPEN_CONNECT: a connect to a server that is known to take early data returns at once,
   * and the first write carries the handshake, and its errors (RFC 7413). Before connecting only.
   * Not on a selector.
   */
  public static final SocketOption<Boolean> FAST_OPEN_CONNECT =
      ofSwitch(dev.weft.internal.backend.SocketOption.FAST_OPEN_CONNECT);

  /**
   * TCP_NOTSENT_LOWAT, in bytes: the kernel takes no more while so many have not been sent. 0 for
   * the system's default, {@code net.ipv4.tcp_notsent_lowat}. Not on a selector.
   */
  public static final SocketOption<Integer> NOT_SENT_LOW_WATER =
      ofNumber(dev.weft.internal.backend.SocketOption.NOT_SENT_LOW_WATER, 0, ALL);

  /** IPV6_V6ONLY: an IPv6 socket has no IPv4 peers. Before binding only; not on a selector. */
  public static final SocketOption<Boolean> IPV6_ONLY =
      ofSwitch(dev.weft.internal.backend.SocketOption.IPV6_ONLY);

  /** SO_RCVBUF, in bytes. The kernel doubles it, up to a limit, and returns the double. */
  public static final SocketOption<Integer> RECEIVE_BUFFER =
      ofNumber(dev.weft.internal.backend.SocketOption.RECEIVE_BUFFER, 0, ALL);

  /** SO_SNDBUF, in bytes. The kernel doubles it, up to a limit, and returns the double. */
  public static final SocketOption<Integer> SEND_BUFFER =
      ofNumber(dev.weft.internal.backend.SocketOption.SEND_BUFFER, 0, ALL);

  /**
   * SO_LINGER, in seconds: how long close(2) waits for unsent bytes. Zero resets the connection; a
   * negative duration leaves it to the kernel, which sends the rest in the background.
   */
  public static final SocketOption<Duration> LINGER =
      ofSeconds(dev.weft.internal.backend.SocketOption.LINGER, -1, ALL);

  /**
   * IP_TOS and IPV6_TCLASS, from 0 to 255: the class of the packets; the two lowest bits are the
   * kernel's.
   */
  public static final SocketOption<Integer> TRAFFIC_CLASS =
      ofNumber(dev.weft.internal.backend.SocketOption.TRAFFIC_CLASS, 0, BYTE_MAX);

  /** SO_PRIORITY: the priority in queues of the system; above 6 needs CAP_NET_ADMIN. */
  public static final SocketOption<Integer> PRIORITY =
      ofNumber(dev.weft.internal.backend.SocketOption.PRIORITY, 0, ALL);

  /** SO_MARK, for routing and filters of packets; needs CAP_NET_ADMIN. Not on a selector. */
  public static final SocketOption<Integer> MARK =
      ofNumber(dev.weft.internal.backend.SocketOption.MARK, Integer.MIN_VALUE, ALL);

  /**
   * SO_INCOMING_CPU: the CPU whose packets a listener prefers among those that share its port; read
   * of a connection, the CPU that has handled its last packet, or -1. Not on a selector.
   */
  public static final SocketOption<Integer> INCOMING_CPU =
      ofNumber(dev.weft.internal.backend.SocketOption.INCOMING_CPU, -1, ALL);

  /** SO_BROADCAST: datagrams may be sent to broadcast addresses. */
  public static final SocketOption<Boolean> BROADCAST =
      ofSwitch(dev.weft.internal.backend.SocketOption.BROADCAST);

  /**
   * IP_MULTICAST_IF and IPV6_MULTICAST_IF: the {@linkplain java.net.NetworkInterface#getIndex
   * index} of the interface that datagrams to groups leave by; 0 if none was chosen, so that the
   * system's routes decide, which can't be set.
   */
  public static final SocketOption<Integer> MULTICAST_INTERFACE =
      ofNumber(dev.weft.internal.backend.SocketOption.MULTICAST_INTERFACE, 1, ALL);

  /**
   * IP_MULTICAST_TTL and IPV6_MULTICAST_HOPS, from 0 to 255: how far datagrams to groups go. 0 is
   * this machine, and 1, the default, its networks; each router costs 1. On a selector a socket of
   * both families sets that of IPv6 alone.
   */
  public static final SocketOption<Integer> MULTICAST_TTL =
      ofNumber(dev.weft.internal.backend.SocketOption.MULTICAST_TTL, 0, BYTE_MAX);

  /**
   * IP_MULTICAST_LOOP and IPV6_MULTICAST_LOOP: datagrams to groups also go to members on this
   * machine; on by default. The loopback interface does so in any case.
   */
  public static final SocketOption<Boolean> MULTICAST_LOOP =
      ofSwitch(dev.weft.internal.backend.SocketOption.MULTICAST_LOOP);

  /**
   * IP_PKTINFO and IPV6_RECVPKTINFO: received datagrams report the {@linkplain
   * Datagram#localAddress local address} that they were sent to. Those that arrive before it is set
   * do not. Not on a selector.
   */
  public static final SocketOption<Boolean> PACKET_INFO =
      ofSwitch(dev.weft.internal.backend.SocketOption.PACKET_INFO);

  /** The option of the backend. */
  final dev.weft.internal.backend.SocketOption code;

  private final Class<T> type;
  private final Unit unit;
  private final int least;
  private final int most;

  private SocketOption(
      dev.weft.internal.backend.SocketOption code, Class<T> type, Unit unit, int least, int most) {
    this.code = code;
    this.type = type;
    this.unit = unit;
    this.least = least;
    this.most = most;
  }

  private static SocketOption<Boolean> ofSwitch(dev.weft.internal.backend.SocketOption code) {
    return new SocketOption<>(code, Boolean.class, Unit.SWITCH, 0, 1);
  }

  private static SocketOption<Integer> ofNumber(
      dev.weft.internal.backend.SocketOption code, int least, int most) {
    return new SocketOption<>(code, Integer.class, Unit.NUMBER, least, most);
  }

  private static SocketOption<Duration> ofSeconds(
      dev.weft.internal.backend.SocketOption code, int least, int most) {
    return new SocketOption<>(code, Duration.class, Unit.SECONDS, least, most);
  }

  /** {@return the name of the constant} */
  public String name() {
    return code.name();
  }

  /** {@return the type of the value} */
  public Class<T> type() {
    return type;
  }

  /**
   * The system's number for a value.
   *
   * @throws IllegalArgumentException if the option can't have the value
   */
  int encode(T value) {
    long number =
        switch (unit) {
          case SWITCH -> (Boolean) value ? 1 : 0;
          case NUMBER -> (Integer) value;
          case SECONDS -> seconds((Duration) value);
          case MILLISECONDS -> milliseconds((Duration) value);
        };
    if (number < least || number > most) {
      throw new IllegalArgumentException(
          name() + " must be from " + decode(least) + " to " + decode(most) + ": " + value);
    }
    return (int) number;
  }

  private long seconds(Duration value) {
    long whole = value.isNegative() ? Math.min(value.toSeconds(), -1) : ceiling(value);
    boolean isLinger = least < 0; // any time is possible
    return isLinger ? Math.clamp(whole, least, most) : whole;
  }

  private static long ceiling(Duration value) {
    return value.compareTo(Duration.ofSeconds(ALL)) > 0
        ? value.toSeconds()
        : value.plus(ROUNDING).toSeconds();
  }

  private static long milliseconds(Duration value) {
    return value.compareTo(Duration.ofSeconds(ALL)) > 0
        ? Long.MAX_VALUE
        : value.isNegative() ? -1 : value.plus(MILLI_ROUNDING).toMillis();
  }

  /** The value for the system's number. */
  T decode(int number) {
    Object value =
        switch (unit) {
          case SWITCH -> number != 0;
          case NUMBER -> number;
          case SECONDS -> Duration.ofSeconds(number);
          case MILLISECONDS -> Duration.ofMillis(number);
        };
    return type.cast(value);
  }

  @Override
  public String toString() {
    return name();
  }
}
