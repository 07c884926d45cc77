// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How a socket is set up (socket(7), tcp(7), ipv6(7)). Immutable; start from {@link #defaults}.
 *
 * @param flags the options that are on
 * @param receiveBufferBytes SO_RCVBUF, or 0 to let the kernel choose
 * @param sendBufferBytes SO_SNDBUF, or 0 to let the kernel choose
 * @param backlog connections that may wait to be accepted
 * @param linger SO_LINGER: how long close waits for unsent bytes, in seconds, rounded up; zero to
 *     reset the connection; null to leave it to the kernel
 * @param userTimeout TCP_USER_TIMEOUT, in milliseconds, up to 24 days: the kernel ends a connection
 *     whose peer has acknowledged nothing of what was sent to it, or has had no room for more, for
 *     as long; zero for no such limit
 */
public record SocketOptions(
    Set<Flag> flags,
    int receiveBufferBytes,
    int sendBufferBytes,
    int backlog,
    @Nullable Duration linger,
    Duration userTimeout) {
  /** An option that is on or off. */
  public enum Flag {
    /** SO_REUSEADDR: bind although connections of an earlier server linger. */
    REUSE_ADDRESS,
    /** SO_REUSEPORT: several listeners share the port, and the kernel spreads clients over them. */
    REUSE_PORT,
    /** TCP_NODELAY: send small segments at once. */
    NO_DELAY,
    /** SO_KEEPALIVE: probe idle connections. */
    KEEP_ALIVE,
    /** IPV6_V6ONLY: a listener on a wildcard address takes no IPv4 clients. */
    IPV6_ONLY,
    /** A listener on the wildcard address {@code 0.0.0.0} takes no IPv6 clients. */
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

  /** Checks the arguments. */
  public SocketOptions {
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
    flags = Set.copyOf(flags);
    if (flags.contains(Flag.IPV4_ONLY) && flags.contains(Flag.IPV6_ONLY)) {
      throw new IllegalArgumentException("IPV4_ONLY and IPV6_ONLY: one at a time");
    }
  }

  /**
   * Addresses are reused, small segments sent at once, 4096 connections may wait, wildcards take
   * IPv4 and IPv6; the rest is the kernel's.
   *
   * @return the options that are used where none are given
   */
  public static SocketOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Whether an option is on.
   *
   * @param flag the option
   * @return true if so
   */
  public boolean has(Flag flag) {
    return flags.contains(flag);
  }

  /**
   * These options with one on or off.
   *
   * @param flag the option
   * @param on whether it is on
   * @return new options
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
   * These options with {@link Flag#REUSE_PORT} on or off.
   *
   * @param reusePort whether the port is shared
   * @return new options
   */
  public SocketOptions withReusePort(boolean reusePort) {
    return with(Flag.REUSE_PORT, reusePort);
  }

  /**
   * These options with {@link Flag#NO_DELAY} on or off.
   *
   * @param noDelay whether small segments are sent at once
   * @return new options
   */
  public SocketOptions withNoDelay(boolean noDelay) {
    return with(Flag.NO_DELAY, noDelay);
  }

  /**
   * These options with other kernel buffers.
   *
   * @param receiveBytes see {@link #receiveBufferBytes()}
   * @param sendBytes see {@link #sendBufferBytes()}
   * @return new options
   */
  public SocketOptions withBufferBytes(int receiveBytes, int sendBytes) {
    return new SocketOptions(flags, receiveBytes, sendBytes, backlog, linger, userTimeout);
  }

  /**
   * These options with another backlog.
   *
   * @param backlog see {@link #backlog()}
   * @return new options
   */
  public SocketOptions withBacklog(int backlog) {
    return new SocketOptions(
        flags, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  /**
   * These options with another linger time.
   *
   * @param linger see {@link #linger()}
   * @return new options
   */
  public SocketOptions withLinger(@Nullable Duration linger) {
    return new SocketOptions(
        flags, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  /**
   * These options with another user timeout.
   *
   * @param userTimeout see {@link #userTimeout()}
   * @return new options
   */
  public SocketOptions withUserTimeout(Duration userTimeout) {
    return new SocketOptions(
        flags, receiveBufferBytes, sendBufferBytes, backlog, linger, userTimeout);
  }

  /** The user timeout in the kernel's unit; what is less than a millisecond is one. */
  int userTimeoutMillis() {
    return userTimeout.isZero() ? 0 : (int) Math.max(userTimeout.toMillis(), 1);
  }
}
