// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.io.SocketSetup;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Options of a socket (socket(7), tcp(7), ipv6(7)). Immutable; start from {@link #defaults}. */
public final class SocketOptions {
  /** Boolean option. */
  public enum Flag {
    /** SO_REUSEADDR: bind even if connections of an earlier server are in TIME_WAIT. */
    REUSE_ADDRESS,
    /**
     * SO_REUSEPORT: several listeners share the port, and the kernel distributes clients over them.
     */
    REUSE_PORT,
    /** TCP_NODELAY: send small segments immediately. */
    NO_DELAY,
    /** SO_KEEPALIVE: probe idle connections. */
    KEEP_ALIVE,
    /** IPV6_V6ONLY: a listener on a wildcard address accepts no IPv4 clients. */
    IPV6_ONLY,
    /** A listener on the wildcard address {@code 0.0.0.0} accepts no IPv6 clients. */
    IPV4_ONLY
  }

  private static final int BACKLOG_DEFAULT = 4096;
  private static final Duration USER_TIMEOUT_MAX = Duration.ofMillis(Integer.MAX_VALUE);

  private static final SocketOptions DEFAULTS =
      new SocketOptions(
          EnumSet.of(Flag.REUSE_ADDRESS, Flag.NO_DELAY),
          0,
          0,
          BACKLOG_DEFAULT,
          null,
          Duration.ZERO);

  private final Set<Flag> flags;
  private final int receiveBufferBytes;
  private final int sendBufferBytes;
  private final int backlog;
  private final @Nullable Duration linger;
  private final Duration userTimeout;
  private final SocketSetup setup;

  private SocketOptions(
      Set<Flag> flags,
      int receiveBufferBytes,
      int sendBufferBytes,
      int backlog,
      @Nullable Duration linger,
      Duration userTimeout) {
    if (receiveBufferBytes < 0 || sendBufferBytes < 0 || backlog < 0) {
      throw new IllegalArgumentException(
          "sizes must not be negative: receiveBufferBytes "
              + receiveBufferBytes
              + ", sendBufferBytes "
              + sendBufferBytes
              + ", backlog "
              + backlog);
    }
    if (linger != null && linger.isNegative()) {
      throw new IllegalArgumentException("linger must not be negative: " + linger);
    }
    if (userTimeout.isNegative() || userTimeout.compareTo(USER_TIMEOUT_MAX) > 0) {
      throw new IllegalArgumentException("userTimeout must be up to 24 days: " + userTimeout);
    }
    if (flags.contains(Flag.IPV4_ONLY) && flags.contains(Flag.IPV6_ONLY)) {
      throw new IllegalArgumentException("IPV4_ONLY and IPV6_ONLY exclude each other");
    }

    this.flags = Set.copyOf(flags);
    this.receiveBufferBytes = receiveBufferBytes;
    this.sendBufferBytes = sendBufferBytes;
    this.backlog = backlog;
    this.linger = linger;
    this.userTimeout = userTimeout;
    setup =
        SocketSetup.NONE
            .withUnlessZero(SocketOption.KEEP_ALIVE, value(Flag.KEEP_ALIVE))
            .withUnlessZero(SocketOption.NO_DELAY, value(Flag.NO_DELAY))
            .withUnlessZero(SocketOption.RECEIVE_BUFFER, receiveBufferBytes)
            .withUnlessZero(SocketOption.SEND_BUFFER, sendBufferBytes)
            .withUserTimeout(userTimeout)
            .withLinger(linger);
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
   * {@return whether an option is on}
   *
   * @param flag the option
   */
  public boolean has(Flag flag) {
    return flags.contains(flag);
  }

  /**
   * {@return these options with one turned on or off}
   *
   * @param flag the option
   * @param on whether it is on
   */
  public SocketOptions with(Flag flag, boolean on) {
    EnumSet<Flag> changed = EnumSet.noneOf(Flag.class);
    changed.addAll(flags);
    if (on) {
      changed.add(flag);
    } else {
      changed.remove(flag);
    }
    return new SocketOptions(
        changed, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  /**
   * {@return these options with {@link Flag#REUSE_PORT} on or off}
   *
   * @param reusePort whether the port is shared
   */
  public SocketOptions withReusePort(boolean reusePort) {
    return with(Flag.REUSE_PORT, reusePort);
  }

  /**
   * {@return these options with {@link Flag#NO_DELAY} on or off}
   *
   * @param noDelay whether small segments are sent immediately
   */
  public SocketOptions withNoDelay(boolean noDelay) {
    return with(Flag.NO_DELAY, noDelay);
  }

  /**
   * {@return these options with other sizes of the kernel's buffers}
   *
   * @param receiveBytes see {@link #receiveBufferBytes()}
   * @param sendBytes see {@link #sendBufferBytes()}
   */
  public SocketOptions withBufferBytes(int receiveBytes, int sendBytes) {
    return new SocketOptions(flags, receiveBytes, sendBytes, backlog, linger, userTimeout);
  }

  /**
   * {@return these options with another backlog}
   *
   * @param backlog see {@link #backlog()}
   */
  public SocketOptions withBacklog(int backlog) {
    return new SocketOptions(
        flags, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  /**
   * {@return these options with another linger time}
   *
   * @param linger see {@link #linger()}
   */
  public SocketOptions withLinger(@Nullable Duration linger) {
    return new SocketOptions(
        flags, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  /**
   * {@return these options with another user timeout}
   *
   * @param userTimeout see {@link #userTimeout()}
   */
  public SocketOptions withUserTimeout(Duration userTimeout) {
    return new SocketOptions(
        flags, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  private int value(Flag flag) {
    return flags.contains(flag) ? 1 : 0;
  }

  /** The options of connections, which those accepted inherit from their listener. */
  SocketSetup setup() {
    return setup;
  }

  /** The options of a listener: also those that matter to bind(2). */
  SocketSetup setupOfListener(boolean ipv6) {
    SocketSetup all =
        setup
            .withUnlessZero(SocketOption.REUSE_ADDRESS, value(Flag.REUSE_ADDRESS))
            .withUnlessZero(SocketOption.REUSE_PORT, value(Flag.REUSE_PORT));
    return ipv6 ? all.with(SocketOption.IPV6_ONLY, value(Flag.IPV6_ONLY)) : all;
  }

  /** {@return the boolean options that are on} */
  public Set<Flag> flags() {
    return flags;
  }

  /** {@return SO_RCVBUF, or 0 to let the kernel choose} */
  public int receiveBufferBytes() {
    return receiveBufferBytes;
  }

  /** {@return SO_SNDBUF, or 0 to let the kernel choose} */
  public int sendBufferBytes() {
    return sendBufferBytes;
  }

  /** {@return how many connections may wait to be accepted} */
  public int backlog() {
    return backlog;
  }

  /**
   * {@return SO_LINGER: how long close waits for unsent bytes, in seconds, rounded up; zero to
   * reset the connection; null for the kernel's default}
   */
  public @Nullable Duration linger() {
    return linger;
  }

  /**
   * {@return TCP_USER_TIMEOUT, in milliseconds, up to 24 days: the kernel ends a connection whose
   * peer has acknowledged none of the data sent to it, or has kept its receive window closed, for
   * that long; zero for no such limit}
   */
  public Duration userTimeout() {
    return userTimeout;
  }

  @Override
  public String toString() {
    return "SocketOptions[flags="
        + flags
        + ", receiveBufferBytes="
        + receiveBufferBytes
        + ", sendBufferBytes="
        + sendBufferBytes
        + ", backlog="
        + backlog
        + ", linger="
        + linger
        + ", userTimeout="
        + userTimeout
        + "]";
  }
}
