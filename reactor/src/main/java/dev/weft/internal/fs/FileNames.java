// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fs;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** The bytes of a path. To the kernel a name is bytes, which need not be text in any encoding. */
public final class FileNames {
  /** Nothing is below it, so that the JDK, which looks whether a path is a directory, is quick. */
  private static final Path NO_DIRECTORY = Path.of("/dev/null");

  private static final int NOT_ASCII = 0x80;

  private FileNames() {}

  /** The bytes of {@code path}, without a NUL behind them. */
  public static byte[] bytes(Path path) {
    String text = path.toString();
    if (isAscii(text)) {
      return text.getBytes(StandardCharsets.US_ASCII);
    }
    // The text is what the locale makes of the bytes, and can't be turned back where they are no
    // text in it. Only the URI of a path tells the bytes; it is absolute, so they are put below a
    // name that is known.
    Path names = path.subpath(0, path.getNameCount());
    String uri = NO_DIRECTORY.resolve(names).toUri().getRawPath();
    String encoded = uri.substring(NO_DIRECTORY.toString().length() + 1);
    return decode(path.isAbsolute() ? "/" + encoded : encoded);
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= NOT_ASCII) {
        return false;
      }
    }
    return true;
  }

  /** The bytes that a text of ASCII characters and {@code %XX} stands for. */
  private static byte[] decode(String encoded) {
    byte[] bytes = new byte[encoded.length()];
    int length = 0;
    for (int i = 0; i < encoded.length(); i++) {
      char c = encoded.charAt(i);
      if (c == '%') {
        bytes[length++] = (byte) HexFormat.fromHexDigits(encoded, i + 1, i + 3);
        i += 2;
      } else {
        bytes[length++] = (byte) c;
      }
    }
    return Arrays.copyOf(bytes, length);
  }
}
