// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.micro.MicroBlock;

/**
 * The words of a line, by the rules of redis-cli: apart at blanks, which may be part of a word in
 * quotes. In {@code "} there are {@code \n \r \t \b \a \xHH}, and any other character behind a
 * backslash is itself; in {@code '} only {@code \'} is one character. Behind the end of a quote the
 * word is over.
 */
final class Words {
  private static final int HEX = 16;

  private final MicroBlock line;
  private int length;
  private int at;
  private int start;
  private int end;
  private boolean isOpen;

  /** Reads lines in {@code line}. */
  Words(MicroBlock line) {
    this.line = line;
  }

  /** Begins with the first of a line of so many bytes. */
  void begin(int bytes) {
    length = bytes;
    at = 0;
    isOpen = false;
  }

  /** Finds the next word; returns false if there is none, or if it is {@link #isOpen}. */
  boolean next() {
    return find(false);
  }

  /**
   * As {@link #next}, and puts the word, without its quotes, in its place in the line: from {@link
   * #start} to {@link #end}.
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

  /** Whether the last word has a quote that is not closed, or goes on behind one. */
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

  /** The byte of the two digits that follow an x, or the x if they don't. */
  private byte hexadecimal() {
    int high = at + 1 < length ? Character.digit(line.getByte(at), HEX) : -1;
    int low = high >= 0 ? Character.digit(line.getByte(at + 1), HEX) : -1;
    if (low < 0) {
      return 'x';
    }
    at += 2;
    return (byte) (high * HEX + low);
  }

  /** Never before what has yet to be read: a word takes no more room than its source. */
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
