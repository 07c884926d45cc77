// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.FileStat;
import dev.weft.fs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** A path without symbolic links (realpath(3)), and further ones from there. */
final class RealPath {
  /** As for the kernel (path_resolution(7)). */
  private static final int LINKS_MAX = 40;

  private Path at;
  private FileStat.Kind kind = FileStat.Kind.DIRECTORY;

  /** Begins at a folder, whose path has no symbolic links. */
  RealPath(Path folder) {
    at = folder;
  }

  Path at() {
    return at;
  }

  FileStat.Kind kind() {
    return kind;
  }

  /**
   * Follows a path. Suspends.
   *
   * @throws ErrnoException ENOENT if it leads nowhere, ELOOP if there are too many links, and so on
   *     (path_resolution(7))
   */
  void follow(Path path) throws IOException {
    Deque<Path> names = new ArrayDeque<>();
    push(path, names);
    int links = 0;
    for (Path name; (name = names.poll()) != null; ) {
      if (name.toString().equals("..")) {
        Path parent = at.getParent();
        at = parent == null ? at : parent;
        kind = FileStat.Kind.DIRECTORY;
        continue;
      }
      Path next = at.resolve(name);
      kind = FileSystem.lstat(next).kind();
      if (kind == FileStat.Kind.LINK) {
        if (++links > LINKS_MAX) {
          throw new ErrnoException("open", path.toString(), Errno.ELOOP.code());
        }
        push(FileSystem.readSymbolicLink(next), names);
      } else {
        at = next;
      }
    }
  }

  /** Adds the names of a path before the others; goes to the root if it is absolute. */
  private void push(Path path, Deque<Path> names) {
    Path root = path.getRoot();
    if (root != null) {
      at = root;
    }
    kind = FileStat.Kind.DIRECTORY;
    for (int i = path.getNameCount() - 1; i >= 0; i--) {
      String name = path.getName(i).toString();
      if (!name.isEmpty() && !name.equals(".")) {
        names.push(path.getName(i));
      }
    }
  }
}
