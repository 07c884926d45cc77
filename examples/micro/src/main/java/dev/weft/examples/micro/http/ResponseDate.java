// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.function.LongSupplier;

/**
 * The field Date of responses (RFC 9110, 6.6.1), and the greeting, which contains it. Both are
 * formatted once per second. For the connections of one reactor.
 */
final class ResponseDate {
  /** No Date field, so that a filter's output depends on its input alone. */
  static final ResponseDate NONE = new ResponseDate(() -> 0, false);

  private static final String[] DAYS = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  private static final String[] MONTHS = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"
  };

  static final String GREETING = "Hello, World!\n";
  static final int GREETING_BYTES = GREETING.length();

  /** Formatting takes some microseconds. */
  private static final int GREETINGS_PER_CLOCK_READ = 16;

  private final LongSupplier clock;
  private final boolean isSent;
  private long second = Long.MIN_VALUE;
  private int greetings = GREETINGS_PER_CLOCK_READ; // so that the first one reads the clock
  private String field = "";
  private byte[] greetingHead = {};
  private byte[] greetingWhole = {};

  private ResponseDate(LongSupplier clock, boolean isSent) {
    this.clock = clock;
    this.isSent = isSent;
  }

  /** The date of the system's clock. */
  static ResponseDate now() {
    return of(() -> System.currentTimeMillis() / 1000);
  }

  /** Uses a clock of seconds since 1970. */
  static ResponseDate of(LongSupplier clock) {
    return new ResponseDate(clock, true);
  }

  /** The field with its end of line; empty if there is none. */
  String field() {
    refresh();
    return field;
  }

  /** The complete response to HEAD. Not modified later. */
  byte[] greetingHead() {
    countGreeting();
    return greetingHead;
  }

  /** The complete response to GET. Not modified later. */
  byte[] greetingWhole() {
    countGreeting();
    return greetingWhole;
  }

  /** Reads the clock only for some of many consecutive greetings. */
  private void countGreeting() {
    if (++greetings >= GREETINGS_PER_CLOCK_READ) {
      refresh();
    }
  }

  /** Reads the clock if necessary: to be called after each wait for requests. */
  void refresh() {
    greetings = 0;
    long now = clock.getAsLong();
    if (now == second) {
      return;
    }
    second = now;
    field = isSent ? "Date: " + text(now) + "\r\n" : "";
    String head =
        "HTTP/1.1 200 OK\r\n"
            + field
            + "Content-Type: text/plain\r\nContent-Length: "
            + GREETING_BYTES
            + "\r\n\r\n";
    greetingHead = head.getBytes(StandardCharsets.US_ASCII);
    greetingWhole = (head + GREETING).getBytes(StandardCharsets.US_ASCII);
  }

  /** IMF-fixdate (RFC 9110, 5.6.7), such as "Sun, 06 Nov 1994 08:49:37 GMT". */
  static String text(long epochSecond) {
    LocalDateTime time = LocalDateTime.ofEpochSecond(epochSecond, 0, ZoneOffset.UTC);
    return DAYS[time.getDayOfWeek().getValue() - 1]
        + ", "
        + twoDigits(time.getDayOfMonth())
        + " "
        + MONTHS[time.getMonthValue() - 1]
        + " "
        + time.getYear()
        + " "
        + twoDigits(time.getHour())
        + ":"
        + twoDigits(time.getMinute())
        + ":"
        + twoDigits(time.getSecond())
        + " GMT";
  }

  private static String twoDigits(int number) {
    return number < 10 ? "0" + number : Integer.toString(number);
  }
}
