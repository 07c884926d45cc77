// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroSocket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads commands: arrays of bulk strings, or arguments on a line, quoted as in redis-cli. Lines may
 * end with LF alone. Memory grows with the received bytes, not with the announced size.
 */
final class CommandReader {
  /** The number of arguments of a command, including its name. */
  static final int ARGUMENTS_MAX = 1024;

  /** The bytes of all its arguments. */
  static final int COMMAND_BYTES_MAX = 1 << 20;

  /** A command on a line, its end included. */
  static final int LINE_BYTES_MAX = 4096;

  private static final int NUMBER_BYTES_MAX = 32;
  private static final int PIECE_BYTES = 4096;
  private static final int BAD = -2;

  /** The overhead of an argument, in bytes. */
  private static final int ARGUMENT_BYTES = 32;

  private final ClientMemory.Account account;
  private final MicroSocket socket;
  private final MicroBlock block;
  private final ArgumentSplitter line;

  /** The bytes charged to the account for the command being read. */
  private long heldBytes;

  /** Reads {@code socket} with the help of a block of {@link #LINE_BYTES_MAX} bytes. */
  CommandReader(MicroSocket socket, MicroBlock block, ClientMemory.Account account) {
    this.account = account;
    this.socket = socket;
    this.block = block;
    line = new ArgumentSplitter(block);
  }

  /** Returns the next command, or null at the end of the input, even within a command. Suspends. */
  @Nullable Command read() throws Exception {
    heldBytes = 0;
    while (true) {
      int length = socket.readline(block, LINE_BYTES_MAX);
      if (length == 0) {
        return null;
      }
      if (block.getByte(length - 1) != '\n') {
        if (length < LINE_BYTES_MAX) {
          return null;
        }
        throw new UnreadableException("too big inline request");
      }
      List<byte[]> argv =
          block.getByte(0) == '*'
              ? readBulkStrings(number(length, ARGUMENTS_MAX))
              : inlineArguments(lineEnd(length));
      if (argv == null || !argv.isEmpty()) {
        return argv == null ? null : Command.of(argv, heldBytes);
      }
    }
  }

  /** Charges the account, before memory is taken. */
  private void hold(int bytes) throws UnreadableException {
    heldBytes += bytes;
    if (!account.take(bytes)) {
      throw new UnreadableException("the memory for all clients is used up");
    }
  }

  private int lineEnd(int length) {
    int end = length - 1;
    return end > 0 && block.getByte(end - 1) == '\r' ? end - 1 : end;
  }

  private List<byte[]> inlineArguments(int end) throws UnreadableException {
    List<byte[]> argv = new ArrayList<>();
    line.begin(end);
    while (line.take()) {
      hold(ARGUMENT_BYTES + line.end() - line.start());
      argv.add(block.toArray(line.start(), line.end() - line.start()));
    }
    if (line.isOpen()) {
      throw new UnreadableException("unbalanced quotes in request");
    }
    return argv;
  }

  /**
   * The number after the first byte of a line, at most {@code max}; -1 for a negative number, or
   * BAD.
   */
  private int number(int length, int max) {
    int end = lineEnd(length);
    if (end < 2 || end > NUMBER_BYTES_MAX) {
      return BAD;
    }
    if (block.getByte(1) == '-') {
      return RedisInteger.parse(block.toArray(1, end - 1)).isPresent() ? -1 : BAD;
    }
    if (block.getByte(1) == '0' && end > 2) {
      return BAD; // as in RedisInteger, without an array
    }
    long value = 0;
    for (int i = 1; i < end; i++) {
      int digit = block.getByte(i) - '0';
      if (digit < 0 || digit > 9 || value > max) {
        return BAD;
      }
      value = value * 10 + digit;
    }
    return value > max ? BAD : (int) value;
  }

  /** Returns null at the end of the input. */
  private @Nullable List<byte[]> readBulkStrings(int count) throws Exception {
    if (count == BAD) {
      throw new UnreadableException("invalid multibulk length");
    }
    List<byte[]> argv = new ArrayList<>(Math.min(Math.max(count, 0), 8));
    int bytes = 0;
    for (int i = 0; i < count; i++) {
      int length = socket.readline(block, NUMBER_BYTES_MAX);
      if (length == 0) {
        return null;
      }
      if (block.getByte(0) != '$') {
        throw new UnreadableException("expected '$', got '" + printable(block.getByte(0)) + "'");
      }
      boolean isWhole = block.getByte(length - 1) == '\n';
      if (!isWhole && length < NUMBER_BYTES_MAX) {
        return null;
      }
      int size = isWhole ? number(length, COMMAND_BYTES_MAX - bytes) : BAD;
      if (size < 0) {
        throw new UnreadableException("invalid bulk length");
      }
      byte[] argument = readBulkString(size);
      if (argument == null) {
        return null;
      }
      bytes += size;
      argv.add(argument);
    }
    return argv;
  }

  private static char printable(byte c) {
    return c > ' ' && c < 0x7f ? (char) c : '?';
  }

  private byte @Nullable [] readBulkString(int size) throws Exception {
    byte[] argument;
    hold(ARGUMENT_BYTES + Math.min(size, PIECE_BYTES));
    if (size <= PIECE_BYTES) {
      if (socket.read(block, size) < size) {
        return null;
      }
      argument = block.toArray(0, size);
    } else {
      argument = readPieces(size);
      if (argument == null) {
        return null;
      }
    }
    int length = socket.readline(block, 2);
    if (length == 0 || (length == 1 && block.getByte(0) == '\r')) {
      return null;
    }
    boolean isEnd = block.getByte(length - 1) == '\n' && (length == 1 || block.getByte(0) == '\r');
    if (!isEnd) {
      throw new UnreadableException("a bulk string is longer than its length");
    }
    return argument;
  }

  private byte @Nullable [] readPieces(int size) throws Exception {
    byte[] argument = new byte[PIECE_BYTES];
    for (int done = 0; done < size; ) {
      int count = socket.read(block, Math.min(size - done, PIECE_BYTES));
      if (count == 0) {
        return null;
      }
      if (done + count > argument.length) {
        int larger = Math.min(size, argument.length * 2);
        hold(larger - argument.length);
        argument = Arrays.copyOf(argument, larger);
      }
      System.arraycopy(block.toArray(0, count), 0, argument, done, count);
      done += count;
    }
    return argument;
  }

  /** As text, for comparison with names. */
  static String text(byte[] argument) {
    return new String(argument, StandardCharsets.ISO_8859_1);
  }
}
