// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.client;

import java.net.Inet6Address;
import java.net.InetSocketAddress;

/** Addresses of servers in messages. */
final class Servers {
  private Servers() {}

  static String text(InetSocketAddress server) {
    String host = server.getAddress().getHostAddress();
    boolean isIpv6 = server.getAddress() instanceof Inet6Address;
    return (isIpv6 ? "[" + host + "]" : host) + ":" + server.getPort();
  }
}
