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

  /** The number of the file system's device, as makedev(3) makes it. */
  public long device;

  /** The user's id. */
  public int owner;

  /** The group's id. */
  public int group;

  /**
   * What addresses of memory must be multiples of for {@link OpenFlags#DIRECT_IO}; 0 if the file
   * can't be opened so, -1 if that is not known.
   */
  public int directMemoryAlignment = -1;

  /** As {@link #directMemoryAlignment}, of positions in the file and of lengths. */
  public int directPositionAlignment = -1;

  public Instant modified = Instant.EPOCH;
  public Instant accessed = Instant.EPOCH;

  /** When contents or attributes last changed. */
  public Instant changed = Instant.EPOCH;
}
