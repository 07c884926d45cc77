// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The files of a simulation. Relative names start at the root; everything belongs to root. */
public final class FileTree {
  private static final int NAME_MAX = 255;
  private static final int PATH_MAX = 4096;
  private static final int UMASK = 022;

  /** A file or directory (inode). */
  static final class Node {
    final long number;

    /** The parent directory; the root is its own. */
    final Node parent;

    final boolean directory;
    final int permissions;
    final Map<String, Node> children = new TreeMap<>();
    byte[] bytes = {};
    int size;
    long modified;
    long changed;
    long accessed;

    /** Makes the node of a name in {@code parent}, or a root if that is null. */
    Node(long number, @Nullable Node parent, boolean directory, int permissions) {
      this.number = number;
      this.parent = parent == null ? this : parent;
      this.directory = directory;
      this.permissions = permissions;
    }

    void resize(int newSize) {
      if (newSize > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(newSize, bytes.length * 2));
      } else if (newSize < size) {
        Arrays.fill(bytes, newSize, size, (byte) 0);
      }
      size = newSize;
    }

    /**
     * Returns the entry {@code name} of this directory, {@code .} and {@code ..} included, or null.
     */
    @Nullable Node child(String name) {
      return switch (name) {
        case "." -> this;
        case ".." -> parent;
        default -> children.get(name);
      };
    }

    FileType type() {
      return directory ? FileType.DIRECTORY : FileType.REGULAR;
    }
  }

  private final Node root = new Node(1, null, true, 0755);
  private long nodes = 1;

  /** Makes a file and its parent directories. */
  public Node put(String path, byte[] content) {
    Node file = make(path, false);
    file.bytes = content.clone();
    file.size = content.length;
    return file;
  }

  /** Makes a directory and its parent directories. */
  public void putDirectory(String path) {
    make(path, true);
  }

  private Node make(String path, boolean directory) {
    Node at = root;
    String[] names = names(path);
    for (int i = 0; i < names.length; i++) {
      boolean last = i == names.length - 1;
      Node parent = at;
      if (!parent.directory) {
        throw new IllegalArgumentException("not a directory on the way to " + path);
      }
      Node there = parent.child(names[i]);
      boolean kind = !last || directory;
      if (there == null) {
        there = new Node(++nodes, parent, kind, kind ? 0755 : 0644);
        parent.children.put(names[i], there);
      }
      at = there;
    }
    if (at.directory != directory) {
      throw new IllegalArgumentException(
          path + " is a " + (at.directory ? "directory" : "file") + " already");
    }
    return at;
  }

  private static String[] names(String path) {
    return Arrays.stream(path.split("/")).filter(n -> !n.isEmpty()).toArray(String[]::new);
  }

  /** open(2): finds or makes a node. The result is 0 or -errno; {@code found} gets the node. */
  int open(String path, int flags, int permissions, long now, @Nullable Node[] found) {
    if (path.isEmpty()) {
      return -Errno.ENOENT.code();
    }
    if (path.length() >= PATH_MAX) {
      return -Errno.ENAMETOOLONG.code();
    }
    Node at = root;
    Node parent = root;
    String name = "";
    String[] names = names(path);
    for (int i = 0; i < names.length; i++) {
      if (at == null) {
        return -Errno.ENOENT.code();
      }
      if (!at.directory) {
        return -Errno.ENOTDIR.code();
      }
      name = names[i];
      if (name.length() > NAME_MAX) {
        return -Errno.ENAMETOOLONG.code();
      }
      parent = at;
      at = at.child(name);
    }
    boolean slash = path.endsWith("/");
    if (at == null) {
      return create(parent, name, slash, flags, permissions, now, found);
    }
    return check(at, slash, flags, now, found);
  }

  private int create(
      Node parent,
      String name,
      boolean slash,
      int flags,
      int permissions,
      long now,
      @Nullable Node[] to) {
    if ((flags & OpenFlags.CREATE) == 0) {
      return -Errno.ENOENT.code();
    }
    if (slash) {
      return -Errno.EISDIR.code();
    }
    Node made = new Node(++nodes, parent, false, permissions & ~UMASK);
    made.modified = now;
    made.changed = now;
    made.accessed = now;
    parent.children.put(name, made);
    to[0] = made;
    return 0;
  }

  private static int check(Node at, boolean slash, int flags, long now, @Nullable Node[] to) {
    boolean create = (flags & OpenFlags.CREATE) != 0;
    if (create && (flags & OpenFlags.EXCLUSIVE) != 0) {
      return -Errno.EEXIST.code();
    }
    boolean write = (flags & OpenFlags.WRITE) != 0;
    if (at.directory) {
      to[0] = at;
      return write || create ? -Errno.EISDIR.code() : 0;
    }
    if (slash) {
      return -Errno.ENOTDIR.code();
    }
    if (write && (flags & OpenFlags.TRUNCATE) != 0) {
      at.resize(0);
      at.modified = now;
      at.changed = now;
    }
    to[0] = at;
    return 0;
  }
}
