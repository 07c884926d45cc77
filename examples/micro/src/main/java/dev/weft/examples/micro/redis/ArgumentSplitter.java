// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.micro.MicroBlock;

/**
 * Splits a line into arguments by the rules of redis-cli: separated by blanks, which may be part of
 * an argument in quotes. Within {@code "} the escapes are {@code \n \r \t \b \a \xHH}, and any
 * other character after a backslash is itself; within {@code '} the only escape is {@code \'}. A
 * closing quote ends the argument.
 */
final class ArgumentSplitter {
  private static final int HEX = 16;

  private final MicroBlock line;
  private int length;
  private int at;
  private int start;
  private int end;
  private boolean isOpen;

  /** Splits lines in the block {@code line}. */
  ArgumentSplitter(MicroBlock line) {
    this.line = line;
  }

  /** Starts with a line of {@code length} bytes. */
  void begin(int bytes) {
    length = bytes;
    at = 0;
    isOpen = false;
  }

  /** Finds the next argument; returns false if there is none, or if {@link #isOpen}. */
  boolean next() {
    return find(false);
  }

  /**
   * As {@link #next}, and writes the argument without its quotes over the line, from {@link #start}
   * to {@link #end}.
   */
  boolean take() {
    return find(true);
  }

  int start() {
    return start;
  }

  int end() {
    return end;
  }

  /** Whether a quote of the last argument is not closed, or is followed by a character. */
  boolean isOpen() {
    return isOpen;
  }

  private boolean find(boolean takes) {
    while (at < length && isBlank(line.getByte(at))) {
      at++;
    }
    if (at == length) {
      return false;
    }
    start = at;
    end = at;
    while (at < length && !isBlank(line.getByte(at))) {
      byte c = line.getByte(at++);
      if (c == '"' || c == '\'') {
        quoted(c, takes);
        isOpen |= at < length && !isBlank(line.getByte(at));
        break;
      }
      put(c, takes);
    }
    return !isOpen;
  }

  private void quoted(byte quote, boolean takes) {
    while (at < length) {
      byte c = line.getByte(at++);
      if (c == quote) {
        return;
      }
      put(c == '\\' && at < length ? escaped(quote) : c, takes);
    }
    isOpen = true;
  }

  private byte escaped(byte quote) {
    byte c = line.getByte(at);
    if (quote == '\'') {
      at += c == '\'' ? 1 : 0;
      return c == '\'' ? c : (byte) '\\';
    }
    at++;
    return switch (c) {
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'b' -> '\b';
      case 'a' -> 7;
      case 'x' -> hexadecimal();
      default -> c;
    };
  }

  /** The byte of the two hexadecimal digits after an x, or the x if there are none. */
  private byte hexadecimal() {
    int high = at + 1 < length ? Character.digit(line.getByte(at), HEX) : -1;
    int low = high >= 0 ? Character.digit(line.getByte(at + 1), HEX) : -1;
    if (low < 0) {
      return 'x';
    }
    at += 2;
    return (byte) (high * HEX + low);
  }

  /** Never overwrites unread input: an argument is not longer than its source. */
  private void put(byte c, boolean takes) {
    if (takes) {
      line.setByte(end, c);
    }
    end++;
  }

  private static boolean isBlank(byte c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
  }
}
