// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/** The character classes of HTTP/1.1, and comparisons of bytes in a block. */
final class Ascii {
  private static final int TOKEN = 1;
  private static final int VISIBLE = 2;
  private static final int VALUE = 4;
  private static final int HOST = 8;

  /** The classes of each byte. */
  private static final byte[] KINDS = kinds();

  private Ascii() {}

  private static byte[] kinds() {
    byte[] kinds = new byte[256];
    for (int c = '!'; c <= '~'; c++) {
      kinds[c] = VISIBLE | VALUE;
      if (Character.isLetterOrDigit(c) || "!#$%&'*+-.^_`|~".indexOf(c) >= 0) {
        kinds[c] |= TOKEN;
      }
      if (Character.isLetterOrDigit(c) || "-._~%!$&'()*+;=".indexOf(c) >= 0) {
        kinds[c] |= HOST;
      }
    }
    for (int c = 0x80; c <= 0xff; c++) {
      kinds[c] = VALUE;
    }
    kinds[' '] = VALUE;
    kinds['\t'] = VALUE;
    return kinds;
  }

  /** Whether the byte may be part of a method or of a field's name (RFC 9110, 5.6.2). */
  static boolean isToken(byte c) {
    return (KINDS[c & 0xff] & TOKEN) != 0;
  }

  /** Whether the byte may be part of a target. */
  static boolean isVisible(byte c) {
    return (KINDS[c & 0xff] & VISIBLE) != 0;
  }

  /** Whether the byte may be part of a field's value: no control character, not even a bare CR. */
  static boolean isValue(byte c) {
    return (KINDS[c & 0xff] & VALUE) != 0;
  }

  /** Whether the byte may be part of a host's name: no comma, which would separate two hosts. */
  static boolean isHost(byte c) {
    return (KINDS[c & 0xff] & HOST) != 0;
  }

  static boolean isBlank(byte c) {
    return c == ' ' || c == '\t';
  }

  static boolean isDigit(byte c) {
    return c >= '0' && c <= '9';
  }

  /** The value of a hexadecimal digit, or -1. */
  static int hexDigit(byte c) {
    if (isDigit(c)) {
      return c - '0';
    }
    int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
  }

  /** Where a line of {@code length} bytes ends that ends in LF or CR LF. */
  static int lineEnd(MicroBlock line, int length) {
    int end = length - 1;
    return end > 0 && line.getByte(end - 1) == '\r' ? end - 1 : end;
  }

  /** Whether the bytes are {@code word}. */
  static boolean is(MicroBlock line, int from, int to, String word) {
    if (to - from != word.length()) {
      return false;
    }
    for (int i = from; i < to; i++) {
      if (line.getByte(i) != word.charAt(i - from)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the bytes are {@code word}, which is in lower case and has letters and dashes only. */
  static boolean isIgnoringCase(MicroBlock line, int from, int to, String word) {
    if (to - from != word.length()) {
      return false;
    }
    for (int i = from; i < to; i++) {
      byte c = line.getByte(i);
      if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != word.charAt(i - from)) {
        return false;
      }
    }
    return true;
  }
}
