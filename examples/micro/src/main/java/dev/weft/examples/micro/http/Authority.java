// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/** Host and port, as a field or a URI names them (RFC 9110, 4.2 and 7.2): without a user. */
final class Authority {
  private Authority() {}

  /** Whether the bytes are an authority. The host may be empty, except in an HTTP URI. */
  static boolean isOne(MicroBlock line, int from, int to) {
    int end = hostEnd(line, from, to);
    return end >= 0 && isPort(line, end, to);
  }

  /** Whether the bytes are an authority with a host. */
  static boolean isNamed(MicroBlock line, int from, int to) {
    return isOne(line, from, to) && hostEnd(line, from, to) > from;
  }

  /** Where the host ends, or -1 if it is an address that does not. */
  private static int hostEnd(MicroBlock line, int from, int to) {
    boolean isAddress = from < to && line.getByte(from) == '[';
    int start = isAddress ? from + 1 : from;
    int at = start;
    while (at < to && isPart(line.getByte(at), isAddress)) {
      at++;
    }
    if (!isAddress) {
      return at;
    }
    return at > start && at < to && line.getByte(at) == ']' ? at + 1 : -1;
  }

  private static boolean isPart(byte c, boolean isAddress) {
    return Ascii.isHost(c) || (isAddress && c == ':');
  }

  private static boolean isPort(MicroBlock line, int from, int to) {
    if (from < to && line.getByte(from) != ':') {
      return false;
    }
    int at = Math.min(from + 1, to);
    while (at < to && Ascii.isDigit(line.getByte(at))) {
      at++;
    }
    return at == to;
  }
}
