// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.examples.micro.service.Decimal;
import dev.weft.examples.micro.service.Failure;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/** Encodes each line of arguments as a command. */
class Encoder extends MicroThread {
  static final int PAGES = 8 + 2;

  private static final int LINE_BYTES_MAX = CommandReader.LINE_BYTES_MAX;
  private static final int NUMBER_AT = LINE_BYTES_MAX;

  /** The failure that ended it. */
  final Failure failure = new Failure();

  private @Nullable String complaint;

  /** The error in the input, or null. */
  final @Nullable String complaint() {
    return complaint;
  }

  /**
   * Called with the name of a command, in its original case, before it is written; returns whether
   * more follow.
   */
  boolean begins(MicroBlock line, int start, int end) {
    return true;
  }

  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, LINE_BYTES_MAX + Decimal.BYTES_MAX);
    ArgumentSplitter arguments = new ArgumentSplitter(line);
    boolean hasMore = true;
    for (int length; hasMore && (length = readline(line, LINE_BYTES_MAX)) > 0; ) {
      if (length == LINE_BYTES_MAX && line.getByte(length - 1) != '\n') {
        complaint = "a line is longer than " + LINE_BYTES_MAX + " bytes";
      } else {
        hasMore = encode(line, arguments, length);
      }
      hasMore &= complaint == null;
    }
    flush(); // or a failure to write the last commands would not be reported
  }

  @Override
  protected void lastly() {
    failure.note(errno());
  }

  private boolean encode(MicroBlock line, ArgumentSplitter arguments, int length) throws Exception {
    int count = 0;
    arguments.begin(length);
    while (arguments.next()) {
      count++;
    }
    if (arguments.isOpen()) {
      complaint = "a quote is not closed, or is followed by a character";
      return false;
    }
    if (count == 0) {
      return true;
    }
    arguments.begin(length);
    arguments.take();
    boolean hasMore = begins(line, arguments.start(), arguments.end());
    number(line, "*", count);
    do {
      int bytes = arguments.end() - arguments.start();
      number(line, "$", bytes);
      write(line, arguments.start(), bytes);
      literal("\r\n");
    } while (arguments.take());
    return hasMore;
  }

  private void number(MicroBlock line, String type, int value) throws Exception {
    literal(type);
    write(line, NUMBER_AT, Decimal.put(line, NUMBER_AT, value));
    literal("\r\n");
  }
}
