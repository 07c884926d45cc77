// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.common;

import java.io.ByteArrayOutputStream;
import java.io.File;
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
 * Text that represents bytes of the system losslessly, independent of the locale: UTF-8, with each
 * invalid byte as a lone surrogate, as in Python (PEP 383). So an argument names the intended file
 * even if the JVM can't decode it with the locale's encoding.
 */
public final class NativeText {
  /** The surrogate of a byte from 0x80 on is this plus the byte. */
  private static final int ESCAPE = 0xdc00;

  private static final int NOT_ASCII = 0x80;
  private static final int BYTE_MASK = 0xff;
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private NativeText() {}

  /**
   * The arguments of this process as they were given. The JVM has decoded them with the locale's
   * encoding, in which they may be invalid.
   *
   * @param decoded the arguments of {@code main}
   * @return the same if they are ASCII, otherwise the arguments in /proc/self/cmdline
   */
  public static List<String> arguments(String[] decoded) {
    List<String> arguments = List.of(decoded);
    if (arguments.stream().allMatch(NativeText::isAscii)) {
      return arguments;
    }
    try {
      return lastArguments(Files.readAllBytes(COMMAND_LINE), arguments);
    } catch (IOException e) {
      return arguments; // without /proc only the decoded arguments are available
    }
  }

  /** The last arguments of a command line; those in ASCII must equal the {@code known} ones. */
  static List<String> lastArguments(byte[] commandLine, List<String> known) {
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
    List<String> arguments = List.copyOf(all.subList(all.size() - known.size(), all.size()));
    for (int i = 0; i < arguments.size(); i++) {
      if (isAscii(known.get(i)) && !arguments.get(i).equals(known.get(i))) {
        return known; // a different command line
      }
    }
    return arguments;
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
   * A file name as a path. A trailing slash, which requires a directory and which {@link Path}
   * would drop, becomes {@code /.}.
   *
   * @param text what the user wrote
   * @return a path of the same bytes
   */
  public static Path path(String text) {
    String name = text.endsWith("/") ? text + "." : text;
    if (isAscii(name) || File.separatorChar != '/') {
      return Path.of(name);
    }
    // Made from its bytes: text would be converted with the encoding of the locale.
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
