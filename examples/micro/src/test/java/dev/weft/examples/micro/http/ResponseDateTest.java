// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ResponseDateTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "784111777 | Sun, 06 Nov 1994 08:49:37 GMT", // the example of RFC 9110
        "0 | Thu, 01 Jan 1970 00:00:00 GMT",
        "951827696 | Tue, 29 Feb 2000 12:34:56 GMT",
        "4102444799 | Thu, 31 Dec 2099 23:59:59 GMT",
      })
  void theDateIsAnImfFixdate(long second, String text) {
    assertEquals(text, ResponseDate.text(second));
  }

  @Test
  void theDateIsFormattedOncePerSecondAndNotModifiedAfterwards() {
    long[] now = {784_111_777};
    ResponseDate date = ResponseDate.of(() -> now[0]);
    date.refresh();
    byte[] first = date.greetingWhole();
    assertSame(first, date.greetingWhole());

    now[0]++;
    date.refresh();

    assertNotSame(first, date.greetingWhole());
    assertTrue(text(first).contains("Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
    assertTrue(text(date.greetingHead()).contains("Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n"));
    assertEquals("Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n", date.field());
  }

  @Test
  void onlyOneOfManyGreetingsReadsTheClock() {
    long[] looks = {0};
    ResponseDate date = ResponseDate.of(() -> looks[0]++);
    for (int i = 0; i < 1600; i++) {
      date.greetingWhole();
    }
    assertEquals(100, looks[0]);
  }

  @Test
  void aFilterSendsNoDate() {
    assertEquals("", ResponseDate.NONE.field());
    ResponseDate.NONE.refresh();
    assertEquals(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nHello, World!\n",
        text(ResponseDate.NONE.greetingWhole()));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.US_ASCII);
  }
}
