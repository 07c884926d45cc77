// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import java.time.Instant;

/** Attributes of a file (statx(2)). */
public final class FileStat {
  /** Type of a file. */
  public enum Kind {
    /** A regular file. */
    REGULAR,
    /** A directory. */
    DIRECTORY,
    /** A symbolic link. */
    LINK,
    /** A pipe with or without a name. */
    PIPE,
    /** A socket. */
    SOCKET,
    /** A character device, such as a terminal. */
    CHARACTER_DEVICE,
    /** A block device. */
    BLOCK_DEVICE,
    /** Something else. */
    OTHER
  }

  private final Kind kind;
  private final int permissions;
  private final long sizeBytes;
  private final long allocatedBytes;
  private final int links;
  private final long inode;
  private final long device;
  private final int owner;
  private final int group;
  private final Instant modified;
  private final Instant accessed;
  private final Instant changed;

  private FileStat(FileAttributes attributes) {
    kind = kind(attributes.type);
    permissions = attributes.permissions;
    sizeBytes = attributes.sizeBytes;
    allocatedBytes = attributes.allocatedBytes;
    links = attributes.links;
    inode = attributes.inode;
    device = attributes.device;
    owner = attributes.owner;
    group = attributes.group;
    modified = attributes.modified;
    accessed = attributes.accessed;
    changed = attributes.changed;
  }

  static FileStat of(FileAttributes attributes) {
    return new FileStat(attributes);
  }

  static Kind kind(FileType type) {
    return switch (type) {
      case REGULAR -> Kind.REGULAR;
      case DIRECTORY -> Kind.DIRECTORY;
      case LINK -> Kind.LINK;
      case PIPE -> Kind.PIPE;
      case SOCKET -> Kind.SOCKET;
      case CHARACTER_DEVICE -> Kind.CHARACTER_DEVICE;
      case BLOCK_DEVICE -> Kind.BLOCK_DEVICE;
      case OTHER -> Kind.OTHER;
    };
  }

  /** {@return whether the file is a directory} */
  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }

  /** {@return the file's type} */
  public Kind kind() {
    return kind;
  }

  /** {@return the permission bits, the lower twelve of {@code st_mode}} */
  public int permissions() {
    return permissions;
  }

  /** {@return the file's length} */
  public long sizeBytes() {
    return sizeBytes;
  }

  /** {@return the space it takes on disk; less than its length if it has holes} */
  public long allocatedBytes() {
    return allocatedBytes;
  }

  /** {@return the number of its hard links} */
  public int links() {
    return links;
  }

  /** {@return its inode number in its file system} */
  public long inode() {
    return inode;
  }

  /** {@return the number of the device of its file system (st_dev), unique among those mounted} */
  public long device() {
    return device;
  }

  /** {@return user id} */
  public int owner() {
    return owner;
  }

  /** {@return group id} */
  public int group() {
    return group;
  }

  /** {@return when its contents last changed (mtime)} */
  public Instant modified() {
    return modified;
  }

  /** {@return when it was last read (atime), as far as the file system records it} */
  public Instant accessed() {
    return accessed;
  }

  /** {@return when its contents or attributes last changed (ctime)} */
  public Instant changed() {
    return changed;
  }

  @Override
  public String toString() {
    return "FileStat[kind="
        + kind
        + ", permissions="
        + permissions
        + ", sizeBytes="
        + sizeBytes
        + ", allocatedBytes="
        + allocatedBytes
        + ", links="
        + links
        + ", inode="
        + inode
        + ", device="
        + device
        + ", owner="
        + owner
        + ", group="
        + group
        + ", modified="
        + modified
        + ", accessed="
        + accessed
        + ", changed="
        + changed
        + "]";
  }
}
