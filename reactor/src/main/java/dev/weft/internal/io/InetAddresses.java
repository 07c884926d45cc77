// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;

/** What sockets need to know of an {@link InetSocketAddress}. */
public final class InetAddresses {
  private InetAddresses() {}

  /** The family of sockets that can have that address, which is resolved. */
  public static ProtocolFamily family(InetSocketAddress address) {
    return address.getAddress() instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  /**
   * Checks that an address is resolved, as the JDK's sockets do.
   *
   * @throws UnknownHostException with the name
   */
  public static void requireResolved(InetSocketAddress address) throws UnknownHostException {
    if (address.isUnresolved()) {
      throw new UnknownHostException(address.getHostString());
    }
  }

  /** The usual notation: {@code 127.0.0.1:7}, {@code [::1]:7}. */
  public static String text(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    if (ip == null) {
      return address.getHostString() + ":" + address.getPort();
    }
    String host = ip instanceof Inet6Address ? "[" + compressed(ip) + "]" : ip.getHostAddress();
    return host + ":" + address.getPort();
  }

  /** RFC 5952: the longest run of two or more zero groups becomes "::". */
  private static String compressed(InetAddress address) {
    String full = address.getHostAddress();
    int percent = full.indexOf('%');
    String scope = percent < 0 ? "" : full.substring(percent);
    String[] groups = (percent < 0 ? full : full.substring(0, percent)).split(":", -1);
    int bestStart = -1;
    int bestLength = 1;
    for (int start = 0; start < groups.length; start++) {
      int end = start;
      while (end < groups.length && groups[end].equals("0")) {
        end++;
      }
      if (end - start > bestLength) {
        bestStart = start;
        bestLength = end - start;
      }
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < groups.length; i++) {
      if (i == bestStart) {
        text.append("::");
        i += bestLength - 1;
      } else {
        if (!text.isEmpty() && text.charAt(text.length() - 1) != ':') {
          text.append(':');
        }
        text.append(groups[i]);
      }
    }
    return text.append(scope).toString();
  }
}
