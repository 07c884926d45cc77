// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.charset.StandardCharsets;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RedisIntegerTest {
  private static OptionalLong parse(String text) {
    return RedisInteger.parse(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, -1, 10, -10, 1234567890123L, Long.MAX_VALUE, Long.MIN_VALUE})
  void integersAsWrittenByRedisAreParsed(long value) {
    assertEquals(OptionalLong.of(value), parse(Long.toString(value)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "-",
        "+1",
        "-0",
        "00",
        "01",
        "-01",
        " 1",
        "1 ",
        "1.0",
        "0x1",
        "1e3",
        "--1",
        "\u00b2",
        "9223372036854775808",
        "-9223372036854775809",
        "9999999999999999999",
        "18446744073709551616",
        "99999999999999999999"
      })
  void otherTextsAreNotIntegers(String text) {
    assertEquals(OptionalLong.empty(), parse(text));
  }
}
