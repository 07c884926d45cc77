// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.MulticastMembership;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;

/** Joins and leaves multicast groups (ip(7), ipv6(7), RFC 3678). Each call returns 0, or -errno. */
final class MulticastCalls {
  // Of linux/in.h and linux/in6.h, the same on all architectures.
  private static final int MCAST_JOIN_GROUP = 42;
  private static final int MCAST_LEAVE_GROUP = 45;
  private static final int MCAST_JOIN_SOURCE_GROUP = 46;
  private static final int MCAST_LEAVE_SOURCE_GROUP = 47;
  private static final int IP_MULTICAST_ALL = 49;
  private static final int IPV6_MULTICAST_ALL = 29;

  /** The size of {@code struct ip_mreqn}: two IPv4 addresses and an index. */
  static final int INTERFACE_BYTES = 12;

  private static final int INTERFACE_ADDRESS = 4;
  private static final int INTERFACE_INDEX = 8;

  // struct group_source_req; without the source it is struct group_req
  private static final int GROUP = 8;
  private static final int ADDRESS_BYTES = 128;
  private static final int SOURCE = GROUP + ADDRESS_BYTES;

  private MulticastCalls() {}

  static int join(Call call) {
    MulticastMembership wanted = call.membership();
    boolean isOfOne = wanted.source() != null;
    int result = change(call, isOfOne ? MCAST_JOIN_SOURCE_GROUP : MCAST_JOIN_GROUP);
    if (result >= 0) {
      hearOnlyItsGroups(call.handle());
      return result;
    }
    return isOfOne && result == -Errno.EADDRNOTAVAIL.code() ? -Errno.EADDRINUSE.code() : result;
  }

  static int leave(Call call) {
    boolean isOfOne = call.membership().source() != null;
    int result = change(call, isOfOne ? MCAST_LEAVE_SOURCE_GROUP : MCAST_LEAVE_GROUP);
    return isOfOne && result == -Errno.EINVAL.code() ? -Errno.EADDRNOTAVAIL.code() : result;
  }

  private static int change(Call call, int name) {
    MulticastMembership membership = call.membership();
    boolean isIpv6 = membership.group() instanceof Inet6Address;
    InetAddress source = membership.source();
    try (Arena arena = Arena.ofConfined()) {
      int length = source == null ? SOURCE : SOURCE + ADDRESS_BYTES;
      MemorySegment request = arena.allocate(length, Long.BYTES);
      request.set(JAVA_INT, 0, membership.interfaceIndex());
      encode(membership.group(), request.address() + GROUP);
      if (source != null) {
        encode(source, request.address() + SOURCE);
      }
      int level = isIpv6 ? weft_h.IPPROTO_IPV6() : weft_h.IPPROTO_IP();
      int result = Libc.setOption(call.handle(), level, name, request.address(), length);
      boolean isOtherFamily = isIpv6 && result == -Errno.ENOPROTOOPT.code();
      return isOtherFamily ? -Errno.EAFNOSUPPORT.code() : result;
    }
  }

  private static void encode(InetAddress address, long target) {
    SocketAddresses.encode(new InetSocketAddress(address, 0), target);
  }

  /** Without it a wildcard address gets what any socket of the machine has joined (ip(7)). */
  private static void hearOnlyItsGroups(int handle) {
    try (Arena arena = Arena.ofConfined()) {
      long no = arena.allocateFrom(JAVA_INT, 0).address();
      Libc.setOption(handle, weft_h.IPPROTO_IP(), IP_MULTICAST_ALL, no, Integer.BYTES);
      // fails if the socket is of IPv4
      Libc.setOption(handle, weft_h.IPPROTO_IPV6(), IPV6_MULTICAST_ALL, no, Integer.BYTES);
    }
  }

  /**
   * Writes a {@code struct ip_mreqn}, with the first address of the interface: the kernel returns
   * that, and not the index.
   */
  static void writeInterface(int index, long target) {
    Memory.at(target, INTERFACE_BYTES).fill((byte) 0);
    Memory.ALL.set(JAVA_INT, target + INTERFACE_INDEX, index);
    try {
      NetworkInterface found = NetworkInterface.getByIndex(index);
      if (found != null) {
        found
            .inetAddresses()
            .filter(Inet4Address.class::isInstance)
            .findFirst()
            .ifPresent(address -> writeAddress(address, target + INTERFACE_ADDRESS));
      }
    } catch (SocketException e) {
      // there are none: the kernel refuses the index
    }
  }

  private static void writeAddress(InetAddress address, long target) {
    MemorySegment.copy(address.getAddress(), 0, Memory.ALL, JAVA_BYTE, target, INTERFACE_ADDRESS);
  }

  /** The index of the interface with the address at {@code source}; 0 if there is none. */
  static int readInterface(long source) {
    byte[] bytes = Memory.at(source, INTERFACE_ADDRESS).toArray(JAVA_BYTE);
    try {
      InetAddress address = InetAddress.getByAddress(bytes);
      NetworkInterface found =
          address.isAnyLocalAddress() ? null : NetworkInterface.getByInetAddress(address);
      return found == null ? 0 : found.getIndex();
    } catch (UnknownHostException | SocketException e) {
      return 0;
    }
  }
}
