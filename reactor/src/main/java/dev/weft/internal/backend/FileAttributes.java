// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.time.Instant;

/** What {@link Op#stat} fills: the attributes of a file. */
public final class FileAttributes {
  public FileType type = FileType.OTHER;

  /** The lower twelve bits of {@code st_mode} (inode(7)). */
  public int permissions;

  public long sizeBytes;

  /** The space on disk. */
  public long allocatedBytes;

  /** The number of hard links. */
  public int links;

  public long inode;

  /** The user's id. */
  public int owner;

  /** The group's id. */
  public int group;

  public Instant modified = Instant.EPOCH;
  public Instant accessed = Instant.EPOCH;

  /** When contents or attributes last changed. */
  public Instant changed = Instant.EPOCH;
}
