// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.linger;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.mem.Memory;
import java.util.HashMap;
import java.util.Map;

/** The options of a socket (socket(7), tcp(7), ipv6(7)). */
final class Options {
  private static final int BUFFER_DEFAULT = 1 << 16;
  private static final int BUFFER_MIN = 2304;
  private static final int BUFFER_MAX = 212_992;

  /** The values of int options, by level and name. */
  private final Map<Long, Integer> values = new HashMap<>();

  private final boolean ipv6;
  boolean lingers;
  int lingerSeconds;
  int receiveBytes = BUFFER_DEFAULT;
  int sendBytes = BUFFER_DEFAULT;

  Options(boolean ipv6) {
    this.ipv6 = ipv6;
    for (int name : SWITCHES) {
      values.put(key(weft_h.SOL_SOCKET(), name), 0);
    }
    values.put(key(weft_h.IPPROTO_TCP(), weft_h.TCP_NODELAY()), 0);
    values.put(USER_TIMEOUT, 0);
    if (ipv6) {
      values.put(key(weft_h.IPPROTO_IPV6(), weft_h.IPV6_V6ONLY()), 0);
    }
  }

  /** The only option that is not a switch. */
  private static final long USER_TIMEOUT = key(weft_h.IPPROTO_TCP(), weft_h.TCP_USER_TIMEOUT());

  private static final int[] SWITCHES = {
    weft_h.SO_REUSEADDR(), weft_h.SO_REUSEPORT(), weft_h.SO_KEEPALIVE(), weft_h.SO_BROADCAST()
  };

  /** Returns a copy, as an accepted socket inherits it. */
  Options copy() {
    Options copy = new Options(ipv6);
    copy.values.putAll(values);
    copy.lingers = lingers;
    copy.lingerSeconds = lingerSeconds;
    copy.receiveBytes = receiveBytes;
    copy.sendBytes = sendBytes;
    return copy;
  }

  private static long key(int level, int name) {
    return (long) level << 32 | name;
  }

  private boolean has(int level, int name) {
    return values.getOrDefault(key(level, name), 0) != 0;
  }

  boolean reusesAddress() {
    return has(weft_h.SOL_SOCKET(), weft_h.SO_REUSEADDR());
  }

  boolean reusesPort() {
    return has(weft_h.SOL_SOCKET(), weft_h.SO_REUSEPORT());
  }

  boolean isIpv6Only() {
    return has(weft_h.IPPROTO_IPV6(), weft_h.IPV6_V6ONLY());
  }

  boolean resetsOnClose() {
    return lingers && lingerSeconds == 0;
  }

  /** Returns how long the other end may leave sent data unread, in nanoseconds; 0 is unlimited. */
  long userTimeoutNanos() {
    return values.getOrDefault(USER_TIMEOUT, 0) * 1_000_000L;
  }

  int set(int level, int name, long address, int length, boolean isBound) {
    if (level == weft_h.SOL_SOCKET() && name == weft_h.SO_LINGER()) {
      if (length < linger.sizeof()) {
        return -Errno.EINVAL.code();
      }
      lingers = linger.l_onoff(Memory.at(address, linger.sizeof())) != 0;
      lingerSeconds = linger.l_linger(Memory.at(address, linger.sizeof()));
      return 0;
    }
    if (length < Integer.BYTES) {
      return -Errno.EINVAL.code();
    }
    int value = Memory.ALL.get(JAVA_INT, address);
    if (level == weft_h.SOL_SOCKET() && name == weft_h.SO_RCVBUF()) {
      receiveBytes = doubled(value);
      return 0;
    }
    if (level == weft_h.SOL_SOCKET() && name == weft_h.SO_SNDBUF()) {
      sendBytes = doubled(value);
      return 0;
    }
    if (!values.containsKey(key(level, name))) {
      return -Errno.ENOPROTOOPT.code();
    }
    if (level == weft_h.IPPROTO_IPV6() && isBound) {
      return -Errno.EINVAL.code();
    }
    if (key(level, name) == USER_TIMEOUT) {
      if (value < 0) {
        return -Errno.EINVAL.code();
      }
      values.put(USER_TIMEOUT, value);
      return 0;
    }
    values.put(key(level, name), value != 0 ? 1 : 0);
    return 0;
  }

  /** The kernel doubles the requested size, to have room for its bookkeeping (socket(7)). */
  private static int doubled(int value) {
    return Math.max(2 * Math.min(Math.max(value, 0), BUFFER_MAX), BUFFER_MIN);
  }

  int get(int level, int name, long address, int capacity, int error) {
    if (level == weft_h.SOL_SOCKET() && name == weft_h.SO_LINGER()) {
      if (capacity < linger.sizeof()) {
        return -Errno.EINVAL.code();
      }
      linger.l_onoff(Memory.at(address, linger.sizeof()), lingers ? 1 : 0);
      linger.l_linger(Memory.at(address, linger.sizeof()), lingerSeconds);
      return 0;
    }
    Integer value = values.get(key(level, name));
    if (level == weft_h.SOL_SOCKET()) {
      value =
          name == weft_h.SO_RCVBUF()
              ? Integer.valueOf(receiveBytes)
              : name == weft_h.SO_SNDBUF()
                  ? Integer.valueOf(sendBytes)
                  : name == weft_h.SO_ERROR()
                      ? Integer.valueOf(error)
                      : name == weft_h.SO_TYPE() ? Integer.valueOf(weft_h.SOCK_STREAM()) : value;
    }
    if (value == null) {
      return -Errno.ENOPROTOOPT.code();
    }
    if (capacity < Integer.BYTES) {
      return -Errno.EINVAL.code();
    }
    Memory.ALL.set(JAVA_INT, address, value);
    return 0;
  }
}
