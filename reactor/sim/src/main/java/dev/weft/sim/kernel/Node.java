// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** A file, directory or symbolic link of a {@link FileTree} (inode(7)). */
final class Node {
  private static final long SECOND = 1_000_000_000L;
  private static final long DEVICE = 1;
  private static final int PERMISSION_BITS = 07777;

  /** What memory and positions must be multiples of in direct transfers. */
  static final int DIRECT_ALIGNMENT = 512;

  final long number;

  /** The parent of a directory; the root is its own. */
  Node parent;

  final boolean directory;
  int permissions;

  /** What a symbolic link leads to; null if it is none. */
  final @Nullable String target;

  final TreeMap<String, Node> children = new TreeMap<>();

  final Map<String, byte[]> xattrs = new TreeMap<>();

  /** The number of names; 0 once the last has been removed. */
  int links = 1;

  final FileContent content;

  /** The number of open files that refer to it. */
  private int opens;

  long modified;
  long changed;
  long accessed;

  /** Makes the node of a name in {@code parent}, or a root if that is null. */
  Node(
      long number,
      @Nullable Node parent,
      boolean directory,
      int permissions,
      @Nullable String target) {
    this.number = number;
    content = new FileContent(parent == null ? new Disk() : parent.content.disk);
    this.parent = parent == null ? this : parent;
    this.directory = directory;
    this.permissions = permissions;
    this.target = target;
  }

  void touch(long now) {
    modified = now;
    changed = now;
  }

  /** chmod(2). */
  int setPermissions(int newPermissions, long now) {
    permissions = newPermissions & PERMISSION_BITS;
    changed = now;
    return 0;
  }

  void opened() {
    opens++;
  }

  void closed() {
    opens--;
    discardUnused();
  }

  /** Gives the space back once there is neither a name nor an open file. */
  private void discardUnused() {
    if (links == 0 && opens == 0) {
      content.discard();
    }
  }

  /** Returns the entry {@code name} of this directory, {@code .} and {@code ..} too, or null. */
  @Nullable Node child(String name) {
    return switch (name) {
      case "." -> this;
      case ".." -> parent;
      default -> children.get(name);
    };
  }

  /** Whether {@code other} is this directory or one below it. */
  boolean contains(Node other) {
    for (Node at = other; ; at = at.parent) {
      if (at == this) {
        return true;
      }
      if (at.parent == at) {
        return false;
      }
    }
  }

  FileType type() {
    return directory ? FileType.DIRECTORY : target == null ? FileType.REGULAR : FileType.LINK;
  }

  /** Adds an entry; a directory gets its parent. */
  void put(String name, Node child, long now) {
    children.put(name, child);
    if (child.directory) {
      child.parent = this;
    }
    touch(now);
  }

  /** Removes an entry, whose node has one name less. */
  void remove(String name, Node child, long now) {
    children.remove(name);
    child.links--;
    child.changed = now;
    child.discardUnused();
    touch(now);
  }

  void fill(FileAttributes attributes) {
    attributes.type = type();
    attributes.permissions = permissions;
    attributes.inode = number;
    attributes.device = DEVICE;
    attributes.links = links;
    attributes.sizeBytes = target == null ? content.size() : target.length();
    attributes.allocatedBytes = content.allocatedBytes();
    boolean regular = type() == FileType.REGULAR;
    attributes.directMemoryAlignment = regular ? DIRECT_ALIGNMENT : -1;
    attributes.directPositionAlignment = regular ? DIRECT_ALIGNMENT : -1;
    attributes.accessed = time(accessed);
    attributes.modified = time(modified);
    attributes.changed = time(changed);
  }

  private static Instant time(long nanos) {
    return Instant.ofEpochSecond(nanos / SECOND, nanos % SECOND);
  }
}
