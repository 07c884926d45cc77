// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.net;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import org.jspecify.annotations.Nullable;

/** Families of IP addresses, and addresses written as numbers. */
public final class AddressFamilies {
  private AddressFamilies() {}

  public static StandardProtocolFamily of(InetAddress address) {
    return address instanceof Inet6Address
        ? StandardProtocolFamily.INET6
        : StandardProtocolFamily.INET;
  }

  /**
   * The address that {@code host} is, or null if it is a name. An IPv6 address may be in brackets.
   *
   * @throws UnknownHostException if it is neither, but an empty text or an address in brackets
   */
  public static @Nullable InetAddress literal(String host) throws UnknownHostException {
    if (host.isEmpty()) {
      throw new UnknownHostException("the name of the host is empty");
    }
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    try {
      return bracketed
          ? Inet6Address.ofLiteral(host.substring(1, host.length() - 1))
          : InetAddress.ofLiteral(host);
    } catch (IllegalArgumentException e) {
      if (bracketed || host.indexOf(':') >= 0) { // no name has a colon
        throw unknown(host, e);
      }
      return null;
    }
  }

  private static UnknownHostException unknown(String host, IllegalArgumentException cause) {
    UnknownHostException unknown =
        new UnknownHostException(host + ": not an IPv6 address: " + cause.getMessage());
    unknown.initCause(cause);
    return unknown;
  }
}
