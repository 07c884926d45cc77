// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.regex.Pattern;

/** Parses the value of {@code --listen} or the address of a server. */
public final class ListenAddress {
  private static final int PORT_MAX = 65535;
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,5}");

  private ListenAddress() {}

  /**
   * Reads {@code HOST:PORT} or {@code [IPV6]:PORT}; the host may be a name.
   *
   * @param text what was given to {@code --listen}
   * @return address and port
   * @throws IllegalArgumentException if it is neither, or the name is unknown
   */
  public static InetSocketAddress parse(String text) {
    return parse("--listen", text);
  }

  /**
   * As {@link #parse(String)}, with another name of the option in error messages.
   *
   * @param subject the name in error messages
   * @param text what was given there
   * @return address and port
   * @throws IllegalArgumentException if it is neither, or the name is unknown
   */
  public static InetSocketAddress parse(String subject, String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]");
    if (host.isEmpty() || (!bracketed && host.indexOf(':') >= 0)) {
      throw new IllegalArgumentException(subject + ": not HOST:PORT or [IPV6]:PORT: " + text);
    }
    int port = parsePort(subject, text.substring(colon + 1), text);
    String name = bracketed ? host.substring(1, host.length() - 1) : host;
    try {
      return new InetSocketAddress(InetAddress.getByName(name), port);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(subject + ": unknown host: " + name, e);
    }
  }

  /**
   * {@return the notation that {@link #parse} takes}
   *
   * @param address a resolved address
   */
  public static String text(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    String host =
        ip instanceof Inet6Address
            ? "[" + (ip.isAnyLocalAddress() ? "::" : ip.getHostAddress()) + "]"
            : ip.getHostAddress();
    return host + ":" + address.getPort();
  }

  private static int parsePort(String subject, String digits, String text) {
    if (DIGITS.matcher(digits).matches()) { // parseInt would take a sign too
      int port = Integer.parseInt(digits);
      if (port <= PORT_MAX) {
        return port;
      }
    }
    throw new IllegalArgumentException(subject + ": the port must be from 0 to 65535: " + text);
  }
}
