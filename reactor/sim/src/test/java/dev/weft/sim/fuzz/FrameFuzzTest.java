// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.fuzz;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.ErrnoException;
import dev.weft.framing.FramingOptions;
import dev.weft.framing.PrefixStream;
import dev.weft.framing.SuffixStream;
import dev.weft.framing.TermStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Whatever the bytes are: the messages are those that a search in the whole input finds. */
class FrameFuzzTest extends InputFuzz {
  private static final String[] SUFFIXES = {"\r\n", "\n", "aa", "aba", "\0\0\0\1", "x".repeat(32)};

  FrameFuzzTest() {
    super("frames");
  }

  @Test
  void everyInputGivesTheMessagesThatAreInIt() {
    fuzz();
  }

  /** How an input is read. */
  private record Format(int headerBytes, boolean isBigEndian, String suffix, int max, int room) {
    static Format random(Random random) {
      return new Format(
          random.nextInt(9),
          random.nextBoolean(),
          SUFFIXES[random.nextInt(SUFFIXES.length)],
          random.nextInt(4) == 0 ? random.nextInt(200) : Integer.MAX_VALUE,
          random.nextInt(4) == 0 ? random.nextInt(200) : 500);
    }

    boolean isPrefix() {
      return headerBytes > 0;
    }

    String framed(String message) {
      if (!isPrefix()) {
        return message + suffix;
      }
      StringBuilder header = new StringBuilder();
      for (int i = 0; i < headerBytes; i++) {
        header.append((char) (i < Integer.BYTES ? (message.length() >>> (8 * i)) & 0xff : 0));
      }
      return (isBigEndian ? header.reverse() : header) + message;
    }

    MessageStream attach(ArrayStream stream, Random random) {
      FramingOptions options =
          FramingOptions.defaults()
              .withMaxMessageBytes(max)
              .withBufferBytes(64 + random.nextInt(random.nextBoolean() ? 4 : 400));
      return isPrefix()
          ? PrefixStream.attach(
              stream,
              headerBytes,
              isBigEndian ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN,
              options)
          : SuffixStream.attach(stream, suffix.getBytes(ISO_8859_1), options);
    }
  }

  @Override
  void tryOne(Random random) throws Exception {
    Format format = Format.random(random);
    StringBuilder input = new StringBuilder();
    for (int i = random.nextInt(8); i > 0; i--) {
      input.append(format.framed(random.nextInt(5) == 0 ? "STOP" : message(format, random)));
    }
    byte[] mutated = mutate(input.toString().getBytes(ISO_8859_1), random);
    boolean hasEnd = random.nextInt(3) == 0;

    List<String> expected = expected(new String(mutated, ISO_8859_1), format, hasEnd);
    List<String> received = received(mutated, format, hasEnd, random);

    assertEquals(expected, received, format::toString);
  }

  /** Any bytes, or with parts of the suffix in them: then the result may be several messages. */
  private static String message(Format format, Random random) {
    int length = random.nextInt(300);
    if (random.nextBoolean()) {
      return new String(noise(random, length), ISO_8859_1);
    }
    StringBuilder text = new StringBuilder();
    while (text.length() < length) {
      text.append(format.suffix, 0, random.nextInt(format.suffix.length()));
      text.append(random.nextInt(4) == 0 ? "-" : "");
    }
    return text.toString();
  }

  // ---- the whole input

  private static List<String> expected(String input, Format format, boolean hasEnd) {
    List<String> messages = new ArrayList<>();
    String rest = input;
    while (!rest.isEmpty()) {
      int start = format.headerBytes;
      if (rest.length() < start) {
        return ended(messages, "broken off");
      }
      long length = format.isPrefix() ? length(rest, format) : rest.indexOf(format.suffix);
      long known = length >= 0 || format.isPrefix() ? length : longestPossible(rest, format);
      long limit = Math.min(format.max, hasEnd ? Math.max(format.room, 4) : format.room);
      if ((format.isPrefix() && length < 0) || known > limit) {
        return ended(messages, "too long");
      }
      if (length < 0 || rest.length() - start < length) {
        return ended(messages, "broken off");
      }
      String message = rest.substring(start, start + (int) length);
      if (hasEnd && message.equals("STOP")) {
        return ended(messages, "end");
      }
      if (length > format.room) {
        return ended(messages, "too long");
      }
      messages.add(printable(message));
      rest =
          rest.substring(start + (int) length + (format.isPrefix() ? 0 : format.suffix.length()));
    }
    return ended(messages, hasEnd ? "broken off" : "end");
  }

  private static String printable(String message) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      text.append(c > ' ' && c < 0x7f ? String.valueOf(c) : "\\%02x".formatted((int) c));
    }
    return text.toString();
  }

  private static List<String> ended(List<String> messages, String end) {
    messages.add("<" + end + ">");
    return messages;
  }

  private static long length(String input, Format format) {
    long length = 0;
    for (int i = 0; i < format.headerBytes; i++) {
      int shift = 8 * (format.isBigEndian ? format.headerBytes - 1 - i : i);
      length |= (long) input.charAt(i) << shift;
    }
    return length;
  }

  /** The bytes that belong to a message that has no terminator yet, whatever follows. */
  private static int longestPossible(String input, Format format) {
    for (int matched = format.suffix.length() - 1; ; matched--) {
      if (input.endsWith(format.suffix.substring(0, matched))) {
        return input.length() - matched;
      }
    }
  }

  // ---- in pieces

  private static List<String> received(byte[] input, Format format, boolean hasEnd, Random random)
      throws IOException {
    MessageStream below = format.attach(new ArrayStream(input, random), random);
    MessageStream stream = hasEnd ? TermStream.attach(below, "STOP".getBytes(ISO_8859_1)) : below;
    List<String> messages = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment whole = arena.allocate(format.room);
      while (true) {
        int length =
            random.nextBoolean() ? stream.receive(whole) : stream.receive(inParts(whole, random));
        if (length < 0) {
          return ended(messages, "end");
        }
        byte[] message = whole.asSlice(0, length).toArray(JAVA_BYTE);
        messages.add(printable(new String(message, ISO_8859_1)));
      }
    } catch (EOFException e) {
      return ended(messages, "broken off");
    } catch (ErrnoException e) {
      assertEquals("EMSGSIZE", e.errno().name());
      return ended(messages, "too long");
    }
  }

  private static SegmentList inParts(MemorySegment whole, Random random) {
    SegmentList list = new SegmentList();
    for (long at = 0; at < whole.byteSize(); ) {
      long bytes = Math.min(whole.byteSize() - at, random.nextInt(100));
      list.add(whole.asSlice(at, bytes));
      at += bytes;
    }
    return list;
  }
}
