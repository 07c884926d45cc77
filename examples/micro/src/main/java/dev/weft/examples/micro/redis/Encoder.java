// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.examples.micro.service.Decimal;
import dev.weft.examples.micro.service.Failure;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/** Makes a command of each line of words. */
class Encoder extends MicroThread {
  static final int PAGES = 8 + 2;

  private static final int LINE_BYTES_MAX = CommandReader.LINE_BYTES_MAX;
  private static final int NUMBER_AT = LINE_BYTES_MAX;

  /** What ended it before its time. */
  final Failure failure = new Failure();

  private @Nullable String complaint;

  /** What was wrong with the input, or null. */
  final @Nullable String complaint() {
    return complaint;
  }

  /**
   * Hears the name of a command, with its case, before it is written; returns whether more follow.
   */
  boolean begins(MicroBlock line, int start, int end) {
    return true;
  }

  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, LINE_BYTES_MAX + Decimal.BYTES_MAX);
    Words words = new Words(line);
    boolean goesOn = true;
    for (int length; goesOn && (length = readline(line, LINE_BYTES_MAX)) > 0; ) {
      if (length == LINE_BYTES_MAX && line.getByte(length - 1) != '\n') {
        complaint = "a line is longer than " + LINE_BYTES_MAX + " bytes";
      } else {
        goesOn = encode(line, words, length);
      }
      goesOn &= complaint == null;
    }
    flush(); // or nobody would hear that the last commands were not taken
  }

  @Override
  protected void lastly() {
    failure.note(errno());
  }

  private boolean encode(MicroBlock line, Words words, int length) throws Exception {
    int count = 0;
    words.begin(length);
    while (words.next()) {
      count++;
    }
    if (words.isOpen()) {
      complaint = "a quote is not closed, or a word goes on behind one";
      return false;
    }
    if (count == 0) {
      return true;
    }
    words.begin(length);
    words.take();
    boolean goesOn = begins(line, words.start(), words.end());
    number(line, "*", count);
    do {
      int bytes = words.end() - words.start();
      number(line, "$", bytes);
      write(line, words.start(), bytes);
      literal("\r\n");
    } while (words.take());
    return goesOn;
  }

  private void number(MicroBlock line, String type, int value) throws Exception {
    literal(type);
    write(line, NUMBER_AT, Decimal.put(line, NUMBER_AT, value));
    literal("\r\n");
  }
}
