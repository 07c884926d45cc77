// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Message;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/**
 * The address that a datagram has arrived at or leaves from: {@code struct in_pktinfo} of ip(7) and
 * {@code in6_pktinfo} of ipv6(7). It keeps the last one in both forms.
 */
final class PacketInfo {
  private static final MemorySegment ALL = Memory.ALL;
  private static final int IPV4_BYTES = 4;
  private static final int IPV6_BYTES = 16;

  // struct in_pktinfo: the interface, the local address, the destination in the header
  private static final int LOCAL = 4;
  private static final int SIZE = 12;

  // struct in6_pktinfo: the address, the interface
  private static final int INTERFACE_6 = IPV6_BYTES;
  private static final int SIZE_6 = 20;

  /** Room for both: an IPv6 socket gets both of a datagram from an IPv4 address. */
  static final int BYTES = Control.space(SIZE) + Control.space(SIZE_6);

  private @Nullable InetAddress last;
  private final MemorySegment lastBytes = MemorySegment.ofArray(new byte[SIZE_6]);
  private int lastLength;

  /** Writes the address that a send comes from; returns the length of the control data. */
  static int write(InetAddress source, long control) {
    byte[] bytes = source.getAddress();
    long data = Control.data(control);
    if (source instanceof Inet6Address six) {
      MemorySegment.copy(bytes, 0, ALL, JAVA_BYTE, data, IPV6_BYTES);
      ALL.set(JAVA_INT, data + INTERFACE_6, six.getScopeId());
      return Control.begin(control, weft_h.IPPROTO_IPV6(), KernelCodes.IPV6_PKTINFO, SIZE_6);
    }
    Memory.at(data, SIZE).fill((byte) 0);
    MemorySegment.copy(bytes, 0, ALL, JAVA_BYTE, data + LOCAL, IPV4_BYTES);
    return Control.begin(control, weft_h.IPPROTO_IP(), KernelCodes.IP_PKTINFO, SIZE);
  }

  /** Reads the address that {@code message} has arrived at, if the control data says it. */
  void read(long control, Message message) {
    long data = Control.data(control);
    if (Control.is(control, weft_h.IPPROTO_IP(), KernelCodes.IP_PKTINFO)) {
      message.from(address(data + LOCAL, IPV4_BYTES));
    } else if (Control.is(control, weft_h.IPPROTO_IPV6(), KernelCodes.IPV6_PKTINFO)
        && message.local() == null) {
      InetAddress found = address(data, SIZE_6);
      message.from(found.isMulticastAddress() ? null : found); // nothing can come from a group
    }
  }

  private InetAddress address(long at, int length) {
    InetAddress known = last;
    if (known != null
        && length == lastLength
        && MemorySegment.mismatch(lastBytes, 0, length, ALL, at, at + length) < 0) {
      return known;
    }
    MemorySegment.copy(ALL, at, lastBytes, 0, length);
    lastLength = length;
    InetAddress made = decode(at, length);
    last = made;
    return made;
  }

  private static InetAddress decode(long at, int length) {
    try {
      byte[] bytes = Memory.at(at, Math.min(length, IPV6_BYTES)).toArray(JAVA_BYTE);
      InetAddress found = InetAddress.getByAddress(bytes);
      return found instanceof Inet6Address && found.isLinkLocalAddress()
          ? Inet6Address.getByAddress(null, bytes, ALL.get(JAVA_INT, at + INTERFACE_6))
          : found;
    } catch (UnknownHostException e) {
      throw new AssertionError("4 and 16 bytes are an address", e);
    }
  }
}
