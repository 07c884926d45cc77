// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import java.time.Instant;

/**
 * Attributes of a file (statx(2)).
 *
 * @param kind the file's type
 * @param permissions the permission bits, the lower twelve of {@code st_mode}
 * @param sizeBytes the file's length
 * @param allocatedBytes the space it takes on disk; less than its length if it has holes
 * @param links the number of its hard links
 * @param inode its inode number in its file system
 * @param owner user id
 * @param group group id
 * @param modified when its contents last changed (mtime)
 * @param accessed when it was last read (atime), as far as the file system records it
 * @param changed when its contents or attributes last changed (ctime)
 */
public record FileStat(
    Kind kind,
    int permissions,
    long sizeBytes,
    long allocatedBytes,
    int links,
    long inode,
    int owner,
    int group,
    Instant modified,
    Instant accessed,
    Instant changed) {
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

  /** {@return whether the file is a directory} */
  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }
}
