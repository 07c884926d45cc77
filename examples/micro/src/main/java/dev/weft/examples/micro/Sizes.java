// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

/** Decimal numbers at the beginning of a line, as sscanf reads them. */
final class Sizes {
  private Sizes() {}

  /** The number, or -1 if there is none, or it exceeds an int. */
  static int parse(String line) {
    long size = -1;
    for (int i = 0; i < line.length(); i++) {
      char digit = line.charAt(i);
      if (digit < '0' || digit > '9' || size > Integer.MAX_VALUE) {
        break;
      }
      size = Math.max(size, 0) * 10 + (digit - '0');
    }
    return size > Integer.MAX_VALUE ? -1 : (int) size;
  }
}
