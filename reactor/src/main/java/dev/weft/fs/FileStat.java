// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import java.time.Instant;

/**
 * What the system knows of a file (statx(2)).
 *
 * @param kind what it is
 * @param permissions the permission bits, the lower twelve of {@code st_mode}
 * @param sizeBytes its length
 * @param allocatedBytes what it takes on disk; less than its length if it has holes
 * @param links names that it has
 * @param inode its number in its file system
 * @param owner user id
 * @param group group id
 * @param modified when its contents last changed
 * @param accessed when it was last read, as far as the file system keeps track
 * @param changed when its contents or attributes last changed
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
  /** What a file can be. */
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

  /**
   * Whether it is a directory.
   *
   * @return true if so
   */
  public boolean isDirectory() {
    return kind == Kind.DIRECTORY;
  }
}
