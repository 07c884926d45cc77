// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Text that stands for bytes of the system, whatever the locale: UTF-8, with each byte that is not
 * part of any as a lone surrogate, as in Python (PEP 383). So a word of the command line names the
 * file that it was typed for even where the JVM, which goes by the locale, can't decode it.
 */
public final class NativeText {
  /** What a byte from 0x80 on is added to. */
  private static final int ESCAPE = 0xdc00;

  private static final int NOT_ASCII = 0x80;
  private static final int BYTE_MASK = 0xff;
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private NativeText() {}

  /**
   * The arguments of this process as they were given. The JVM has decoded them as the locale says,
   * in which they may be no text.
   *
   * @param decoded what {@code main} got
   * @return the same where they are ASCII, otherwise what /proc/self/cmdline has
   */
  public static List<String> arguments(String[] decoded) {
    List<String> words = List.of(decoded);
    if (words.stream().allMatch(NativeText::isAscii)) {
      return words;
    }
    try {
      return lastWords(Files.readAllBytes(COMMAND_LINE), words);
    } catch (IOException e) {
      return words; // no /proc: what the locale says is all there is
    }
  }

  /** The words at the end of a command line, of which those in ASCII are known. */
  static List<String> lastWords(byte[] commandLine, List<String> known) {
    List<String> all = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        all.add(decode(commandLine, start, i));
        start = i + 1;
      }
    }
    if (all.size() < known.size()) {
      return known;
    }
    List<String> words = List.copyOf(all.subList(all.size() - known.size(), all.size()));
    for (int i = 0; i < words.size(); i++) {
      if (isAscii(known.get(i)) && !words.get(i).equals(known.get(i))) {
        return known; // not our words
      }
    }
    return words;
  }

  /**
   * Text from bytes.
   *
   * @param bytes any
   * @return text that {@link #encode} makes the same bytes of
   */
  public static String decode(byte[] bytes) {
    return decode(bytes, 0, bytes.length);
  }

  private static String decode(byte[] bytes, int start, int end) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes, start, end - start);
    CharBuffer out = CharBuffer.allocate(end - start); // no character takes less than a byte
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      if (!result.isError()) {
        return out.flip().toString();
      }
      for (int i = result.length(); i > 0; i--) {
        out.put((char) (ESCAPE + (in.get() & BYTE_MASK)));
      }
    }
  }

  /**
   * Bytes from text.
   *
   * @param text any
   * @return its bytes in UTF-8, and those that lone surrogates stand for
   */
  public static byte[] encode(String text) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    text.codePoints()
        .forEach(
            point -> {
              if (point >= ESCAPE + NOT_ASCII && point <= ESCAPE + BYTE_MASK) {
                bytes.write(point - ESCAPE);
              } else {
                bytes.writeBytes(Character.toString(point).getBytes(StandardCharsets.UTF_8));
              }
            });
    return bytes.toByteArray();
  }

  /**
   * The name of a file. A slash at its end, which {@link Path} drops, says that it has to be a
   * directory, and becomes {@code /.}, which says the same.
   *
   * @param text what the user wrote
   * @return a path of the same bytes
   */
  public static Path path(String text) {
    String name = text.endsWith("/") ? text + "." : text;
    if (isAscii(name)) {
      return Path.of(name);
    }
    // Made of its bytes: the way by text goes through the encoding of the locale.
    Path absolute = Path.of(URI.create("file:///" + percentEncode(name)));
    return name.startsWith("/") ? absolute : absolute.subpath(0, absolute.getNameCount());
  }

  /**
   * Text for the path of a URI.
   *
   * @param text any
   * @return its bytes, those that are no letters, digits or one of {@code - . _ /} as {@code %XX}
   */
  public static String percentEncode(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte each : encode(text)) {
      char c = (char) (each & BYTE_MASK);
      if (c < NOT_ASCII && (Character.isLetterOrDigit(c) || "-._/".indexOf(c) >= 0)) {
        encoded.append(c);
      } else {
        HexFormat.of().withUpperCase().toHexDigits(encoded.append('%'), each);
      }
    }
    return encoded.toString();
  }

  private static boolean isAscii(String text) {
    return text.chars().allMatch(c -> c < NOT_ASCII);
  }
}
