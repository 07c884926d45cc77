// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.bindings.sockaddr_in;
import dev.weft.bindings.sockaddr_in6;
import dev.weft.bindings.sockaddr_un;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.UnixAddress;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnknownHostException;

/**
 * Converts {@link InetSocketAddress} to and from {@code sockaddr_in} and {@code sockaddr_in6}, and
 * {@link UnixAddress} to and from {@code sockaddr_un}.
 */
final class SocketAddresses {
  /** The size of the largest. */
  static final int BYTES_MAX = (int) sockaddr_un.sizeof();

  private static final int UNIX_NAME = (int) sockaddr_un.sun_path$offset();

  private SocketAddresses() {}

  /**
   * Writes {@code address} at {@code target}; returns its length.
   *
   * @throws IllegalArgumentException if the kernel has no such address
   */
  static int encode(SocketAddress address, long target) {
    return switch (address) {
      case InetSocketAddress internet -> encode(internet, target);
      case UnixAddress unix -> encode(unix, target);
      default -> throw new IllegalArgumentException("not an address that is known: " + address);
    };
  }

  private static int encode(UnixAddress address, long target) {
    byte[] name = address.name();
    int start = UNIX_NAME + (address.isAbstract() ? 1 : 0);
    int length = start + name.length + (address.isAbstract() || name.length == 0 ? 0 : 1);
    MemorySegment out = Memory.at(target, BYTES_MAX).fill((byte) 0);
    sockaddr_un.sun_family(out, (short) weft_h.AF_UNIX());
    MemorySegment.copy(name, 0, out, JAVA_BYTE, start, name.length);
    return length;
  }

  private static int encode(InetSocketAddress address, long target) {
    byte[] bytes = resolved(address).getAddress();
    short port = Short.reverseBytes((short) address.getPort()); // network order is big-endian
    if (address.getAddress() instanceof Inet6Address six) {
      MemorySegment out = Memory.at(target, sockaddr_in6.sizeof()).fill((byte) 0);
      sockaddr_in6.sin6_family(out, (short) weft_h.AF_INET6());
      sockaddr_in6.sin6_port(out, port);
      sockaddr_in6.sin6_scope_id(out, six.getScopeId());
      MemorySegment.copy(bytes, 0, out, JAVA_BYTE, sockaddr_in6.sin6_addr$offset(), bytes.length);
      return (int) sockaddr_in6.sizeof();
    }
    MemorySegment out = Memory.at(target, sockaddr_in.sizeof()).fill((byte) 0);
    sockaddr_in.sin_family(out, (short) weft_h.AF_INET());
    sockaddr_in.sin_port(out, port);
    MemorySegment.copy(bytes, 0, out, JAVA_BYTE, sockaddr_in.sin_addr$offset(), bytes.length);
    return (int) sockaddr_in.sizeof();
  }

  /**
   * Reads the address at {@code source}. An IPv4 address mapped into IPv6 comes out as IPv4.
   *
   * @param length as the kernel has reported it, more than 0
   */
  static SocketAddress decode(long source, int length) {
    MemorySegment in = Memory.at(source, BYTES_MAX);
    return sockaddr_in.sin_family(in) == weft_h.AF_UNIX() ? unix(in, length) : internet(in);
  }

  private static UnixAddress unix(MemorySegment in, int length) {
    int end = Math.min(length, BYTES_MAX);
    if (end <= UNIX_NAME) {
      return UnixAddress.UNNAMED;
    }
    boolean isAbstract = in.get(JAVA_BYTE, UNIX_NAME) == 0;
    int start = UNIX_NAME + (isAbstract ? 1 : 0);
    if (!isAbstract && in.get(JAVA_BYTE, end - 1) == 0) {
      end--; // the kernel counts the NUL of a path
    }
    return new UnixAddress(in.asSlice(start, end - start).toArray(JAVA_BYTE), isAbstract);
  }

  private static InetSocketAddress internet(MemorySegment in) {
    try {
      if (sockaddr_in.sin_family(in) == weft_h.AF_INET()) {
        byte[] bytes = in.asSlice(sockaddr_in.sin_addr$offset(), 4).toArray(JAVA_BYTE);
        return new InetSocketAddress(
            InetAddress.getByAddress(bytes), port(sockaddr_in.sin_port(in)));
      }
      byte[] bytes = in.asSlice(sockaddr_in6.sin6_addr$offset(), 16).toArray(JAVA_BYTE);
      int scope = sockaddr_in6.sin6_scope_id(in);
      InetAddress address =
          scope == 0
              ? InetAddress.getByAddress(bytes)
              : Inet6Address.getByAddress(null, bytes, scope);
      return new InetSocketAddress(address, port(sockaddr_in6.sin6_port(in)));
    } catch (UnknownHostException e) {
      throw new AssertionError("4 and 16 bytes are an address", e);
    }
  }

  private static int port(short networkOrder) {
    return Short.toUnsignedInt(Short.reverseBytes(networkOrder));
  }

  private static InetAddress resolved(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    if (ip == null) {
      throw new IllegalArgumentException("the address is not resolved: " + address);
    }
    return ip;
  }
}
