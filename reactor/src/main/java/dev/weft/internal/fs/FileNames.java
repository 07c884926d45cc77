// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fs;

import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;

/** Converts paths to bytes. A file name is bytes to the kernel, and can be text in no encoding. */
public final class FileNames {
  /** Has no children, so that the JDK's check whether a path below it is a directory is fast. */
  private static final Path NO_DIRECTORY = Path.of("/dev/null");

  private static final int NOT_ASCII = 0x80;

  private FileNames() {}

  /** The bytes of {@code path}, without a final NUL. */
  public static byte[] bytes(Path path) {
    String text = path.toString();
    if (isAscii(text) || File.separatorChar != '/') { // names are text there, not bytes
      return text.getBytes(StandardCharsets.UTF_8);
    }
    // The text is the bytes decoded in the locale's charset, which loses bytes that are not valid
    // in it. Only the URI of a path keeps the bytes. A URI is absolute, so the path is resolved
    // against a known name.
    Path names = path.subpath(0, path.getNameCount());
    String uri = NO_DIRECTORY.resolve(names).toUri().getRawPath();
    String encoded = uri.substring(NO_DIRECTORY.toString().length() + 1);
    return decode(path.isAbsolute() ? "/" + encoded : encoded);
  }

  /** The path of a file with that name, which can be text in no encoding. */
  public static Path path(byte[] name) {
    String text = new String(name, StandardCharsets.ISO_8859_1);
    if (isAscii(text) || File.separatorChar != '/') {
      return Path.of(new String(name, StandardCharsets.UTF_8));
    }
    boolean absolute = name[0] == '/';
    StringBuilder uri = new StringBuilder(absolute ? "file://" : "file:///");
    for (byte each : name) {
      if (each == '/') {
        uri.append('/');
      } else {
        uri.append('%').append(HexFormat.of().toHexDigits(each));
      }
    }
    Path path = Path.of(URI.create(uri.toString())); // a URI is absolute
    return absolute ? path : path.subpath(0, path.getNameCount());
  }

  private static boolean isAscii(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= NOT_ASCII) {
        return false;
      }
    }
    return true;
  }

  /** Decodes a text of ASCII characters and {@code %XX}. */
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
