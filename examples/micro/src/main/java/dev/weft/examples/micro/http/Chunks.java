// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import dev.weft.micro.MicroBlock;

/** The lines between the chunks of a body. Parsed strictly, since they frame the body. */
final class Chunks {
  /** The longest line before a chunk, including extensions, which are ignored. */
  static final int LINE_BYTES_MAX = 256;

  private static final int DIGITS_MAX = 15;
  private static final int BAD = -1;

  private Chunks() {}

  /** The size that a line announces, or a negative number. */
  static long size(MicroBlock line, int length) {
    if (length < 3 || line.getByte(length - 1) != '\n' || line.getByte(length - 2) != '\r') {
      return BAD;
    }
    int end = length - 2;
    long size = 0;
    int at = 0;
    for (int digit; at < end && (digit = Ascii.hexDigit(line.getByte(at))) >= 0; at++) {
      size = size << 4 | digit;
    }
    if (at == 0 || at > DIGITS_MAX || !isExtension(line, at, end)) {
      return BAD;
    }
    return size;
  }

  private static boolean isExtension(MicroBlock line, int from, int end) {
    int at = from;
    while (at < end && Ascii.isBlank(line.getByte(at))) {
      at++;
    }
    if (at < end && line.getByte(at) != ';') {
      return false;
    }
    if (at == end && at > from) {
      return false; // only blanks after the size
    }
    while (at < end && Ascii.isValue(line.getByte(at))) {
      at++;
    }
    return at == end;
  }

  /** Puts the line in front of a chunk; returns its length. */
  static int put(MicroBlock block, int offset, int size) {
    int digits = Math.max(1, (Integer.SIZE - Integer.numberOfLeadingZeros(size) + 3) / 4);
    for (int i = 0; i < digits; i++) {
      int digit = size >>> ((digits - 1 - i) * 4) & 0xf;
      block.setByte(offset + i, (byte) (digit < 10 ? '0' + digit : 'a' - 10 + digit));
    }
    block.setByte(offset + digits, (byte) '\r');
    block.setByte(offset + digits + 1, (byte) '\n');
    return digits + 2;
  }
}
