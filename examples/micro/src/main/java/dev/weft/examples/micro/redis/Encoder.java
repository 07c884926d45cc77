// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.examples.micro.service.Decimal;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;

/** Makes a command of each line of words. */
final class Encoder extends MicroThread {
  static final int PAGES = 8 + 2;

  private static final int LINE_BYTES_MAX = CommandReader.LINE_BYTES_MAX;
  private static final int NUMBER_AT = LINE_BYTES_MAX;

  private boolean endsBadly;

  /** Whether it met a line that was too long. */
  boolean endsBadly() {
    return endsBadly;
  }

  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, LINE_BYTES_MAX + Decimal.BYTES_MAX);
    int length;
    while (!endsBadly && (length = readline(line, LINE_BYTES_MAX)) > 0) {
      if (length == LINE_BYTES_MAX && line.getByte(length - 1) != '\n') {
        endsBadly = true;
      } else {
        encode(line, length);
      }
    }
  }

  private void encode(MicroBlock line, int length) throws Exception {
    int words = 0;
    for (int at = next(line, 0, length);
        at < length;
        at = next(line, end(line, at, length), length)) {
      words++;
    }
    if (words == 0) {
      return;
    }
    number(line, "*", words);
    for (int at = next(line, 0, length); at < length; ) {
      int end = end(line, at, length);
      number(line, "$", end - at);
      socket().write(line, at, end - at);
      literal("\r\n");
      at = next(line, end, length);
    }
  }

  private void number(MicroBlock line, String type, int value) throws Exception {
    literal(type);
    socket().write(line, NUMBER_AT, Decimal.put(line, NUMBER_AT, value));
    literal("\r\n");
  }

  /** Where the next word begins. */
  private static int next(MicroBlock line, int from, int length) {
    int at = from;
    while (at < length && isSpace(line.getByte(at))) {
      at++;
    }
    return at;
  }

  private static int end(MicroBlock line, int from, int length) {
    int at = from;
    while (at < length && !isSpace(line.getByte(at))) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(byte c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
  }
}
