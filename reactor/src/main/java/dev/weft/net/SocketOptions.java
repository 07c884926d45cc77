// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.io.SocketSetup;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * Options with which a socket is opened: any {@link SocketOption}, and what is no option of the
 * system's. Immutable; start from {@link #defaults}. An option that means nothing to the socket,
 * such as {@link SocketOption#FAST_OPEN_QUEUE} to a connection that is opened, is left out.
 */
public final class SocketOptions {
  private static final int BACKLOG_DEFAULT = 4096;

  /** What matters to bind(2), and so not to a connection whose address the kernel chooses. */
  private static final Set<dev.weft.internal.backend.SocketOption> OF_BIND =
      EnumSet.of(
          SocketOption.REUSE_ADDRESS.code,
          SocketOption.REUSE_PORT.code,
          SocketOption.IPV6_ONLY.code);

  private static final Set<dev.weft.internal.backend.SocketOption> OF_DATAGRAMS =
      EnumSet.of(
          SocketOption.MULTICAST_INTERFACE.code,
          SocketOption.MULTICAST_TTL.code,
          SocketOption.PACKET_INFO.code,
          SocketOption.MULTICAST_LOOP.code);

  private static final Set<dev.weft.internal.backend.SocketOption> OF_LISTENERS =
      EnumSet.of(SocketOption.IPV6_ONLY.code, SocketOption.FAST_OPEN_QUEUE.code);

  private static final Set<dev.weft.internal.backend.SocketOption> OF_IPV6 =
      EnumSet.of(SocketOption.IPV6_ONLY.code);

  private static final Set<dev.weft.internal.backend.SocketOption> OF_CONNECTS =
      EnumSet.of(SocketOption.FAST_OPEN_CONNECT.code);

  /**
   * What UDP sockets do not have. REUSE_ADDRESS would let other processes have the port, too, and
   * is on by default for listeners.
   */
  private static final Set<dev.weft.internal.backend.SocketOption> NOT_OF_DATAGRAMS =
      EnumSet.complementOf(
          EnumSet.of(
              SocketOption.REUSE_PORT.code,
              SocketOption.BROADCAST.code,
              SocketOption.RECEIVE_BUFFER.code,
              SocketOption.SEND_BUFFER.code,
              SocketOption.TRAFFIC_CLASS.code,
              SocketOption.MULTICAST_INTERFACE.code,
              SocketOption.MULTICAST_TTL.code,
              SocketOption.MULTICAST_LOOP.code,
              SocketOption.PACKET_INFO.code,
              SocketOption.PRIORITY.code,
              SocketOption.MARK.code,
              SocketOption.INCOMING_CPU.code));

  private static final SocketOptions DEFAULTS =
      new SocketOptions(SocketSetup.NONE, BACKLOG_DEFAULT, false, null, false)
          .with(SocketOption.REUSE_ADDRESS, true)
          .with(SocketOption.NO_DELAY, true);

  private final SocketSetup values;
  private final int backlog;
  private final boolean ipv4Only;
  private final @Nullable InetSocketAddress localAddress;
  private final boolean directDescriptors;

  /** The options of a connection that is opened. */
  private final SocketSetup setup;

  private SocketOptions(
      SocketSetup values,
      int backlog,
      boolean ipv4Only,
      @Nullable InetSocketAddress localAddress,
      boolean directDescriptors) {
    if (backlog < 0) {
      throw new IllegalArgumentException("backlog must not be negative: " + backlog);
    }
    this.values = values;
    this.backlog = backlog;
    this.ipv4Only = ipv4Only;
    this.localAddress = localAddress;
    this.directDescriptors = directDescriptors;
    if (ipv4Only && has(SocketOption.IPV6_ONLY)) {
      throw new IllegalArgumentException("IPv4 only and IPV6_ONLY exclude each other");
    }
    SocketSetup used = values.without(OF_LISTENERS).without(OF_DATAGRAMS);
    setup = localAddress == null ? used.without(OF_BIND) : used;
  }

  /**
   * {@return the options that are used where none are given}
   *
   * <p>REUSE_ADDRESS and NO_DELAY are on, the backlog is 4096, and wildcard addresses accept IPv4
   * and IPv6. The other options have the kernel's defaults.
   */
  public static SocketOptions defaults() {
    return DEFAULTS;
  }

  /**
   * {@return these options with another value of one}
   *
   * @param option the option
   * @param value its value
   * @param <T> the type of the value
   * @throws IllegalArgumentException if the option can't have the value
   */
  public <T> SocketOptions with(SocketOption<T> option, T value) {
    return with(values.with(option.code, option.encode(value)));
  }

  /**
   * {@return these options without one, which the system chooses then}
   *
   * @param option the option
   */
  public SocketOptions without(SocketOption<?> option) {
    return with(values.without(EnumSet.of(option.code)));
  }

  private SocketOptions with(SocketSetup others) {
    return new SocketOptions(others, backlog, ipv4Only, localAddress, directDescriptors);
  }

  /**
   * {@return the value of an option, or null if the system chooses}
   *
   * @param option the option
   * @param <T> the type of the value
   */
  public <T> @Nullable T get(SocketOption<T> option) {
    Integer value = values.value(option.code);
    return value == null ? null : option.decode(value);
  }

  /**
   * {@return whether an option is on}
   *
   * @param option the option
   */
  public boolean has(SocketOption<Boolean> option) {
    return Boolean.TRUE.equals(get(option));
  }

  /**
   * {@return these options with {@link SocketOption#REUSE_PORT} on or off}
   *
   * @param reusePort whether the port is shared
   */
  public SocketOptions withReusePort(boolean reusePort) {
    return with(SocketOption.REUSE_PORT, reusePort);
  }

  /**
   * {@return these options with {@link SocketOption#NO_DELAY} on or off}
   *
   * @param noDelay whether small segments are sent immediately
   */
  public SocketOptions withNoDelay(boolean noDelay) {
    return with(SocketOption.NO_DELAY, noDelay);
  }

  /**
   * {@return these options with other sizes of the kernel's buffers}
   *
   * @param receiveBytes {@link SocketOption#RECEIVE_BUFFER}, or 0 to let the kernel choose
   * @param sendBytes {@link SocketOption#SEND_BUFFER}, or 0 to let the kernel choose
   */
  public SocketOptions withBufferBytes(int receiveBytes, int sendBytes) {
    return withSize(SocketOption.RECEIVE_BUFFER, receiveBytes)
        .withSize(SocketOption.SEND_BUFFER, sendBytes);
  }

  private SocketOptions withSize(SocketOption<Integer> option, int bytes) {
    return bytes == 0 ? without(option) : with(option, bytes);
  }

  /**
   * {@return these options with another linger time}
   *
   * @param linger {@link SocketOption#LINGER}, or null for the kernel's default
   */
  public SocketOptions withLinger(@Nullable Duration linger) {
    return linger == null
        ? without(SocketOption.LINGER)
        : with(SocketOption.LINGER, requireTime(linger));
  }

  private static Duration requireTime(Duration linger) {
    if (linger.isNegative()) {
      throw new IllegalArgumentException("linger must not be negative: " + linger);
    }
    return linger;
  }

  /**
   * {@return these options with another user timeout}
   *
   * @param userTimeout {@link SocketOption#USER_TIMEOUT}
   */
  public SocketOptions withUserTimeout(Duration userTimeout) {
    return with(SocketOption.USER_TIMEOUT, userTimeout);
  }

  /**
   * {@return these options with another backlog}
   *
   * @param backlog see {@link #backlog()}
   */
  public SocketOptions withBacklog(int backlog) {
    return new SocketOptions(values, backlog, ipv4Only, localAddress, directDescriptors);
  }

  /**
   * {@return these options for a listener on a wildcard address that accepts no IPv6 clients, or
   * for one that does}
   *
   * @param ipv4Only whether {@code 0.0.0.0} stands for IPv4 alone
   */
  public SocketOptions withIpv4Only(boolean ipv4Only) {
    return new SocketOptions(values, backlog, ipv4Only, localAddress, directDescriptors);
  }

  /**
   * {@return these options for connections from a given address}
   *
   * @param localAddress the address to bind before connecting, with port 0 for any port; null to
   *     let the kernel choose
   */
  public SocketOptions withLocalAddress(@Nullable InetSocketAddress localAddress) {
    return new SocketOptions(values, backlog, ipv4Only, localAddress, directDescriptors);
  }

  /**
   * {@return these options for TCP connections with direct descriptors, or without}
   *
   * <p>A connection that is opened or accepted with them has no descriptor of the process but a
   * direct one ({@link dev.weft.io.DirectDescriptors}); the listener itself keeps its own. A
   * listener accepts each connection when a fiber waits for it. If the table is full, that is
   * ENFILE, and clients wait in the kernel's backlog. A listener has a slot reserved for the next
   * connection, from the first time on that a fiber waits for one.
   *
   * @param directDescriptors whether connections have direct descriptors
   */
  public SocketOptions withDirectDescriptors(boolean directDescriptors) {
    return new SocketOptions(values, backlog, ipv4Only, localAddress, directDescriptors);
  }

  /** The options of a connection that is opened. */
  SocketSetup setup() {
    return setup;
  }

  /** The options of a listener, which the connections that it accepts inherit. */
  SocketSetup setupOfListener(boolean ipv6) {
    SocketSetup all = values.without(OF_CONNECTS).without(OF_DATAGRAMS);
    return ipv6 ? withIpv6Only(all) : all.without(OF_IPV6);
  }

  /** The options of a UDP socket. */
  SocketSetup setupOfDatagrams(boolean ipv6) {
    SocketSetup all = values.without(NOT_OF_DATAGRAMS);
    return ipv6 ? withIpv6Only(all) : all;
  }

  /** Sets IPV6_ONLY in any case, because the system's default can be another one. */
  private SocketSetup withIpv6Only(SocketSetup all) {
    return all.with(SocketOption.IPV6_ONLY.code, has(SocketOption.IPV6_ONLY) ? 1 : 0);
  }

  /** {@return how many connections may wait to be accepted} */
  public int backlog() {
    return backlog;
  }

  /** {@return whether a listener on the wildcard address {@code 0.0.0.0} accepts IPv4 alone} */
  public boolean isIpv4Only() {
    return ipv4Only;
  }

  /** {@return the address that connections start from, or null if the kernel chooses} */
  public @Nullable InetSocketAddress localAddress() {
    return localAddress;
  }

  /** {@return whether TCP connections have direct descriptors} */
  public boolean hasDirectDescriptors() {
    return directDescriptors;
  }

  @Override
  public String toString() {
    StringJoiner text = new StringJoiner(", ", "SocketOptions[", "]");
    values.forEach((option, value) -> text.add(option + "=" + value));
    text.add("backlog=" + backlog);
    if (ipv4Only) {
      text.add("ipv4Only");
    }
    if (localAddress != null) {
      text.add("localAddress=" + localAddress);
    }
    if (directDescriptors) {
      text.add("directDescriptors");
    }
    return text.toString();
  }
}
