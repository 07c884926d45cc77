// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds what a path leads to (path_resolution(7)). Names are bytes, and here texts in which each
 * character is one of them.
 */
final class PathLookup {
  private static final int NAME_MAX = 255;
  private static final int PATH_MAX = 4096;
  private static final int LINKS_MAX = 40;

  private final Node root;
  private final Deque<String> left = new ArrayDeque<>();
  private int linksLeft = LINKS_MAX;
  private boolean slash;

  /** The directory that has the last name of the path, or would have it. */
  Node parent;

  /** The last name. */
  String name = ".";

  /** What has that name; null if there is nothing. */
  @Nullable Node node;

  /** 0, or -errno if there is no such directory. */
  final int result;

  /**
   * Looks a path up.
   *
   * @param start the directory where a relative path starts
   * @param follows whether a symbolic link at the end stands for what it leads to
   */
  PathLookup(Node root, Node start, byte[] path, boolean follows) {
    this.root = root;
    parent = start;
    String text = text(path);
    slash = text.endsWith("/");
    result = find(start, text, follows || slash);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  static List<String> names(String path) {
    return Arrays.stream(path.split("/")).filter(each -> !each.isEmpty()).toList();
  }

  /** Whether the path ends with a slash, so that it is one of a directory. */
  boolean demandsDirectory() {
    return slash;
  }

  /** Whether the last name is a dot or two, or there is none. */
  boolean endsInDots() {
    return name.equals(".") || name.equals("..");
  }

  private int find(Node start, String path, boolean follows) {
    if (path.isEmpty()) {
      return -Errno.ENOENT.code();
    }
    if (path.length() >= PATH_MAX) {
      return -Errno.ENAMETOOLONG.code();
    }
    Node at = push(start, path);
    parent = at;
    node = at;
    while (!left.isEmpty()) {
      if (!at.directory) {
        return -Errno.ENOTDIR.code();
      }
      String next = left.removeFirst();
      if (next.length() > NAME_MAX) {
        return -Errno.ENAMETOOLONG.code();
      }
      parent = at;
      name = next;
      node = at.child(next);
      boolean last = left.isEmpty();
      Node found = node;
      if (found == null) {
        return last ? 0 : -Errno.ENOENT.code();
      }
      String target = found.target;
      if (target != null && (!last || follows)) {
        if (--linksLeft < 0) {
          return -Errno.ELOOP.code();
        }
        found = push(at, target);
        name = ".";
        node = found;
        parent = found;
      }
      at = found;
    }
    return 0;
  }

  /** Puts the names of a path before those that are left; returns where it starts. */
  private Node push(Node start, String path) {
    for (String each : names(path).reversed()) {
      left.addFirst(each);
    }
    return path.startsWith("/") ? root : start;
  }
}
