// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.FileAttributes;
import dev.weft.internal.backend.FileType;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads the attributes of files, as far as the JDK and the system have them. */
final class FileStatus {
  private static final String UNIX =
      "unix:mode,ino,dev,nlink,uid,gid,ctime,size,lastModifiedTime,lastAccessTime,fileKey";

  private static final int PERMISSION_BITS = 07777;
  private static final int BLOCK_BYTES = 512;

  private static final int TYPE_BITS = 0170000;
  private static final int PIPE = 0010000;
  private static final int CHARACTER_DEVICE = 0020000;
  private static final int DIRECTORY = 0040000;
  private static final int BLOCK_DEVICE = 0060000;
  private static final int REGULAR = 0100000;
  private static final int LINK = 0120000;
  private static final int SOCKET = 0140000;

  private FileStatus() {}

  private static boolean hasUnix(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /** Fills the attributes of a socket or pipe, which the JDK does not show. */
  static int ofChannel(FileType type, FileAttributes target) {
    clear(target, type);
    return 0;
  }

  private static void clear(FileAttributes target, FileType type) {
    target.type = type;
    target.permissions = 0;
    target.sizeBytes = 0;
    target.allocatedBytes = 0;
    target.links = 1;
    target.inode = 0;
    target.device = 0;
    target.owner = 0;
    target.group = 0;
    target.directMemoryAlignment = -1;
    target.directPositionAlignment = -1;
    target.modified = Instant.EPOCH;
    target.accessed = Instant.EPOCH;
    target.changed = Instant.EPOCH;
  }

  /**
   * Fills the attributes of an open file, which the JDK finds by its name alone. If the name has
   * been removed, or belongs to another file now, only type and size are filled.
   */
  static void of(FileEntry file, FileChannel channel, FileAttributes target) throws IOException {
    if (!ofName(file, target)) {
      clear(target, file.type());
      target.links = 0;
      target.sizeBytes = channel.size();
    }
  }

  /** Fills the attributes of the file of a name, or of a symbolic link itself. */
  static void of(Path path, FileAttributes target, LinkOption... options) throws IOException {
    if (hasUnix(path)) {
      fill(target, Files.readAttributes(path, UNIX, options));
    } else {
      fill(target, Files.readAttributes(path, BasicFileAttributes.class, options));
    }
  }

  private static boolean ofName(FileEntry file, FileAttributes target) throws IOException {
    Path path = file.path();
    try {
      if (hasUnix(path)) {
        Map<String, Object> found = Files.readAttributes(path, UNIX);
        if (file.key() != null && !Objects.equals(file.key(), found.get("fileKey"))) {
          return false;
        }
        fill(target, found);
        return true;
      }
      fill(target, Files.readAttributes(path, BasicFileAttributes.class));
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static void fill(FileAttributes target, Map<String, Object> found) {
    int mode = number(found, "mode").intValue();
    target.type = type(mode);
    target.permissions = mode & PERMISSION_BITS;
    target.links = number(found, "nlink").intValue();
    target.inode = number(found, "ino").longValue();
    target.device = number(found, "dev").longValue();
    target.owner = number(found, "uid").intValue();
    target.group = number(found, "gid").intValue();
    size(target, number(found, "size").longValue());
    target.modified = time(found, "lastModifiedTime");
    target.accessed = time(found, "lastAccessTime");
    target.changed = time(found, "ctime");
  }

  private static Number number(Map<String, Object> found, String name) {
    return (Number) Objects.requireNonNull(found.get(name), name);
  }

  private static Instant time(Map<String, Object> found, String name) {
    return ((FileTime) Objects.requireNonNull(found.get(name), name)).toInstant();
  }

  private static void fill(FileAttributes target, BasicFileAttributes found) {
    clear(target, type(found));
    size(target, found.size());
    target.modified = found.lastModifiedTime().toInstant();
    target.accessed = found.lastAccessTime().toInstant();
    target.changed = target.modified;
  }

  private static void size(FileAttributes target, long bytes) {
    target.sizeBytes = bytes;
    target.allocatedBytes = (bytes + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
  }

  private static FileType type(BasicFileAttributes attributes) {
    return attributes.isRegularFile()
        ? FileType.REGULAR
        : attributes.isDirectory() ? FileType.DIRECTORY : FileType.OTHER;
  }

  private static FileType type(int mode) {
    return switch (mode & TYPE_BITS) {
      case PIPE -> FileType.PIPE;
      case CHARACTER_DEVICE -> FileType.CHARACTER_DEVICE;
      case DIRECTORY -> FileType.DIRECTORY;
      case BLOCK_DEVICE -> FileType.BLOCK_DEVICE;
      case REGULAR -> FileType.REGULAR;
      case LINK -> FileType.LINK;
      case SOCKET -> FileType.SOCKET;
      default -> FileType.OTHER;
    };
  }

  /**
   * The type and the identity of a file.
   *
   * @param key null if the system has none
   */
  record Kind(FileType type, @Nullable Object key) {
    /** Whether reads, writes and even the open can wait for another process. */
    boolean isStream() {
      return switch (type) {
        case PIPE, CHARACTER_DEVICE, OTHER, SOCKET -> true;
        default -> false;
      };
    }
  }

  private static int mode(Path path) throws IOException {
    return Files.getAttribute(path, "unix:mode") instanceof Integer mode ? mode : 0;
  }

  /** The kind of the file of that name, or null if it can't be read, as when there is none. */
  static @Nullable Kind kind(Path path) {
    try {
      BasicFileAttributes basic = Files.readAttributes(path, BasicFileAttributes.class);
      if (!basic.isOther() || !hasUnix(path)) {
        return new Kind(type(basic), basic.fileKey());
      }
      return new Kind(type(mode(path)), basic.fileKey());
    } catch (IOException | SecurityException e) {
      return null;
    }
  }
}
