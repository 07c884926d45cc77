// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.examples.micro.service.Failure;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroThread;
import org.jspecify.annotations.Nullable;

/** Prints a line for each answer, and for each element of arrays, which may be nested. */
class Decoder extends MicroThread {
  static final int PAGES = 8 + 1;

  private static final int LINE_BYTES_MAX = 4096;
  private static final int DIGITS_MAX = 10;
  private static final long NIL = -1;
  private static final long BAD = -2;

  /** The failure that ended it. */
  final Failure failure = new Failure();

  /** The number of elements that the current answer still has, as far as known. */
  private long left;

  private @Nullable String complaint;

  /** The error in the input, or null. */
  final @Nullable String complaint() {
    return complaint;
  }

  /** Called when a whole answer has been written; it has been flushed if no other has arrived. */
  void answered() {}

  @Override
  protected void run() throws Exception {
    MicroBlock line = calloc(1, LINE_BYTES_MAX);
    int length;
    while (complaint == null && (length = readline(line, LINE_BYTES_MAX)) > 0) {
      if (line.getByte(length - 1) == '\n') {
        left = Math.max(left, 1) - 1;
        decode(line, length);
        if (buffered() == 0) {
          flush(); // reports a closed output now, not with the next answer
        }
        if (left == 0 && complaint == null) {
          answered();
        }
      } else {
        complaint = length < LINE_BYTES_MAX ? "an answer is cut off" : "an answer is too long";
      }
    }
    if (left > 0 && complaint == null) {
      complaint = "an answer is cut off";
    }
  }

  @Override
  protected void lastly() {
    failure.note(errno());
  }

  private void decode(MicroBlock line, int length) throws Exception {
    int end = length > 1 && line.getByte(length - 2) == '\r' ? length - 2 : length - 1;
    switch (line.getByte(0)) {
      case '+', '-', ':' -> {
        write(line, 1, Math.max(end - 1, 0));
        literal("\n");
      }
      case '$' -> decodeBulk(line, end);
      case '*' -> decodeArray(line, end);
      default -> complaint = "an answer begins with none of + - : $ *";
    }
  }

  private void decodeArray(MicroBlock line, int end) throws Exception {
    long elements = number(line, end);
    if (elements == NIL) {
      literal("(nil)\n");
    } else if (elements == BAD) {
      complaint = "the length of an answer is no number";
    } else if (elements == 0) {
      literal("(empty array)\n");
    } else {
      left += elements;
    }
  }

  private void decodeBulk(MicroBlock line, int end) throws Exception {
    long bytes = number(line, end);
    if (bytes == NIL) {
      literal("(nil)\n");
    } else if (bytes == BAD) {
      complaint = "the length of an answer is no number";
    } else if (forward(bytes) < bytes) {
      complaint = "an answer is cut off";
    } else {
      literal("\n");
      int length = readline(line, 2);
      if (length == 0 || (length == 1 && line.getByte(0) == '\r')) {
        complaint = "an answer is cut off";
      } else if (line.getByte(length - 1) != '\n' || (length == 2 && line.getByte(0) != '\r')) {
        complaint = "an answer is longer than its length";
      }
    }
  }

  private static long number(MicroBlock line, int end) {
    if (end == 3 && line.getByte(1) == '-' && line.getByte(2) == '1') {
      return NIL;
    }
    long value = 0;
    for (int i = 1; i < end; i++) {
      int digit = line.getByte(i) - '0';
      if (digit < 0 || digit > 9) {
        return BAD;
      }
      value = value * 10 + digit;
    }
    boolean isPadded = end > 2 && line.getByte(1) == '0';
    return end < 2 || end > DIGITS_MAX + 1 || isPadded ? BAD : value;
  }
}
