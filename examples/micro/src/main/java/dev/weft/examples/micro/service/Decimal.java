// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.micro.MicroBlock;

/** Writes decimal numbers without allocating, unlike {@link String#format}. */
public final class Decimal {
  /** The longest number: 19 digits and a sign. */
  public static final int BYTES_MAX = 20;

  private Decimal() {}

  /**
   * Writes a number.
   *
   * @param block the target
   * @param offset of the first byte
   * @param value 0 or more
   * @return how many bytes it took
   */
  public static int put(MicroBlock block, int offset, long value) {
    int digits = 1;
    for (long rest = value; rest >= 10; rest /= 10) {
      digits++;
    }
    long rest = value;
    for (int i = digits - 1; i >= 0; i--) {
      block.setByte(offset + i, (byte) ('0' + rest % 10));
      rest /= 10;
    }
    return digits;
  }
}
