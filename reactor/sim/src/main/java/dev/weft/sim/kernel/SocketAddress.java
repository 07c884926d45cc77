// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;

/**
 * Address rules. The simulated machine has all of 127.0.0.0/8, ::1, and the private networks
 * 10.0.0.0/8 and fd00::/8, so that a test may give each party an address of its own.
 */
final class SocketAddress {
  private static final int PRIVATE_4 = 10;
  private static final int PRIVATE_6 = 0xfd;

  private SocketAddress() {}

  static boolean isIpv6(InetSocketAddress address) {
    return address.getAddress() instanceof Inet6Address;
  }

  static boolean isWildcard(InetSocketAddress address) {
    return address.getAddress().isAnyLocalAddress();
  }

  static boolean isLocal(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    int first = Byte.toUnsignedInt(ip.getAddress()[0]);
    boolean privateNet = first == (ip instanceof Inet4Address ? PRIVATE_4 : PRIVATE_6);
    return ip.isAnyLocalAddress() || ip.isLoopbackAddress() || privateNet;
  }

  /** Returns where a connection to {@code address} goes: a wildcard means the loopback. */
  static InetSocketAddress destination(InetSocketAddress address) {
    return isWildcard(address)
        ? new InetSocketAddress(loopback(isIpv6(address)), address.getPort())
        : address;
  }

  /** Returns the local address that the kernel chooses for a connection to {@code destination}. */
  static InetAddress sourceFor(InetSocketAddress destination) {
    InetAddress ip = destination.getAddress();
    boolean isSentThere = ip.isLoopbackAddress() || ip.isMulticastAddress();
    return isSentThere ? loopback(ip instanceof Inet6Address) : ip;
  }

  private static InetAddress loopback(boolean ipv6) {
    byte[] bytes = ipv6 ? new byte[16] : new byte[] {127, 0, 0, 0};
    bytes[bytes.length - 1] = 1;
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError("4 and 16 bytes are an address", e);
    }
  }
}
