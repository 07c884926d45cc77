// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.common.NativeText;
import dev.weft.fs.FileStat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The folder whose files are served, and nothing outside of it. */
final class Folder {
  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("css", "text/css; charset=utf-8"),
          Map.entry("csv", "text/csv; charset=utf-8"),
          Map.entry("gif", "image/gif"),
          Map.entry("htm", "text/html; charset=utf-8"),
          Map.entry("html", "text/html; charset=utf-8"),
          Map.entry("ico", "image/vnd.microsoft.icon"),
          Map.entry("jpeg", "image/jpeg"),
          Map.entry("jpg", "image/jpeg"),
          Map.entry("js", "text/javascript; charset=utf-8"),
          Map.entry("json", "application/json"),
          Map.entry("md", "text/markdown; charset=utf-8"),
          Map.entry("pdf", "application/pdf"),
          Map.entry("png", "image/png"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("txt", "text/plain; charset=utf-8"),
          Map.entry("wasm", "application/wasm"),
          Map.entry("webp", "image/webp"),
          Map.entry("xml", "application/xml"));

  /**
   * The result of a search.
   *
   * @param status 200, or that of the answer without a file
   * @param file the real path of a regular file, or null
   */
  record Found(int status, @Nullable Path file) {}

  private static final Found BAD_REQUEST = new Found(400, null);
  private static final Found FORBIDDEN = new Found(403, null);
  private static final Found NOT_FOUND = new Found(404, null);
  private static final Found FAILED = new Found(500, null);

  private static final Path INDEX = Path.of("index.html");

  private final Path root;

  /** Makes a folder from its real path. */
  private Folder(Path root) {
    this.root = root;
  }

  /**
   * Opens a folder.
   *
   * @throws IllegalArgumentException if it is none
   */
  static Folder of(Path root) {
    try {
      Path real = root.toRealPath();
      if (!Files.isDirectory(real)) {
        throw new IllegalArgumentException("--root: not a folder: " + root);
      }
      return new Folder(real);
    } catch (IOException e) {
      throw new IllegalArgumentException("--root: no such folder: " + root, e);
    }
  }

  /** Finds the file for the path of a request. Suspends. */
  Found find(String target) {
    Path relative = relative(target);
    if (relative == null) {
      return target.startsWith("/") && isEncoded(target) ? FORBIDDEN : BAD_REQUEST;
    }
    try {
      return locate(relative);
    } catch (ErrnoException e) {
      return switch (e.errno()) {
        case ENOENT, ENOTDIR, ELOOP, ENAMETOOLONG -> NOT_FOUND; // or a file is used as a folder
        case EACCES, EPERM -> FORBIDDEN;
        default -> FAILED;
      };
    } catch (IOException e) {
      return FAILED;
    }
  }

  private static boolean isEncoded(String target) {
    return decoded(target) != null;
  }

  /** The path below the root; null if it is malformed or leaves the root. */
  private static @Nullable Path relative(String target) {
    byte[] bytes = decoded(target);
    if (bytes == null || bytes.length == 0 || bytes[0] != '/') {
      return null;
    }
    List<String> names = new ArrayList<>();
    for (String name : NativeText.decode(bytes).split("/", -1)) {
      if (name.equals("..")) {
        if (names.isEmpty()) {
          return null;
        }
        names.removeLast();
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
    }
    return NativeText.path(String.join("/", names));
  }

  /** The bytes of a path without its query; null if an escape is wrong, or it has a zero byte. */
  private static byte @Nullable [] decoded(String target) {
    int end = target.indexOf('?');
    byte[] text = (end < 0 ? target : target.substring(0, end)).getBytes(ISO_8859_1);
    int length = 0;
    for (int i = 0; i < text.length; i++) {
      byte b = text[i];
      if (b == '%') {
        int high = i + 2 < text.length ? Character.digit(text[i + 1], 16) : -1;
        int low = i + 2 < text.length ? Character.digit(text[i + 2], 16) : -1;
        if (high < 0 || low < 0) {
          return null;
        }
        b = (byte) ((high << 4) | low);
        i += 2;
      }
      if (b == 0) {
        return null;
      }
      text[length++] = b;
    }
    return Arrays.copyOf(text, length);
  }

  private Found locate(Path relative) throws IOException {
    RealPath path = new RealPath(root);
    path.follow(relative);
    if (path.at().startsWith(root) && path.kind() == FileStat.Kind.DIRECTORY) {
      try {
        path.follow(INDEX);
      } catch (ErrnoException e) {
        if (e.errno() == Errno.ENOENT) {
          return FORBIDDEN; // a folder without an index
        }
        throw e;
      }
    }
    return path.at().startsWith(root) && path.kind() == FileStat.Kind.REGULAR
        ? new Found(200, path.at())
        : FORBIDDEN;
  }

  /** The media type of a file by its name. */
  static String typeOf(Path file) {
    String name = String.valueOf(file.getFileName());
    String extension = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return TYPES.getOrDefault(extension, "application/octet-stream");
  }
}
