// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import java.util.OptionalLong;

/**
 * Integers of 64 bits as Redis parses them: only in the form in which it prints them. So a plus
 * sign, leading zeros and {@code -0} are invalid.
 */
final class RedisInteger {
  private static final int DIGITS_MAX = 19;

  private RedisInteger() {}

  /** The value of {@code text}, or empty if it is not one. */
  static OptionalLong parse(byte[] text) {
    boolean isNegative = text.length > 0 && text[0] == '-';
    int first = isNegative ? 1 : 0;
    int digits = text.length - first;
    if (digits < 1 || digits > DIGITS_MAX) {
      return OptionalLong.empty();
    }
    if (text[first] == '0' && text.length > 1) {
      return OptionalLong.empty();
    }
    long value = 0; // negative, since the smallest negative number has no positive counterpart
    for (int i = first; i < text.length; i++) {
      int digit = text[i] - '0';
      if (digit < 0 || digit > 9) {
        return OptionalLong.empty();
      }
      value = value * 10 - digit; // 19 digits can overflow once, which changes the sign
    }
    boolean fits = value <= 0 && (isNegative || value != Long.MIN_VALUE);
    return fits ? OptionalLong.of(isNegative ? value : -value) : OptionalLong.empty();
  }
}
