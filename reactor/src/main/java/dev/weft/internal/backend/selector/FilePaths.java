// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import java.io.File;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Converts the bytes of a name to a path. */
final class FilePaths {
  private static final int BYTE = 0xff;

  private FilePaths() {}

  /** The path of these bytes, which can be text in no encoding. */
  static Path of(byte[] name) {
    if (isAscii(name) || File.separatorChar != '/') {
      return Path.of(new String(name, StandardCharsets.UTF_8));
    }
    // A path is made of text in the charset of the locale, in which not all bytes are valid. Only
    // the URI of a path has bytes, and it is absolute.
    StringBuilder uri = new StringBuilder(name[0] == '/' ? "file://" : "file:///");
    for (byte each : name) {
      if (each == '/') {
        uri.append('/');
      } else {
        uri.append('%').append(String.format("%02X", each & BYTE));
      }
    }
    Path path = Path.of(URI.create(uri.toString()));
    return name[0] == '/' ? path : path.subpath(0, path.getNameCount());
  }

  private static boolean isAscii(byte[] name) {
    for (byte each : name) {
      if (each < 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether only a directory can have that name. */
  static boolean demandsDirectory(byte[] name) {
    return name.length > 1 && name[name.length - 1] == '/';
  }
}
