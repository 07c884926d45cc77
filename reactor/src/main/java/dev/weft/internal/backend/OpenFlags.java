// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** How a file is opened: a set of bits. READ, WRITE or both must be among them, unless PATH is. */
public final class OpenFlags {
  public static final int READ = 1;
  public static final int WRITE = 1 << 1;
  public static final int APPEND = 1 << 2;

  /** Creates the file if it does not exist. */
  public static final int CREATE = 1 << 3;

  /** With CREATE: fails if the file exists. */
  public static final int EXCLUSIVE = 1 << 4;

  public static final int TRUNCATE = 1 << 5;

  /** Each write reaches the disk before it completes. */
  public static final int SYNC = 1 << 6;

  /** As SYNC, without attributes that are not needed to read the data. */
  public static final int SYNC_DATA = 1 << 7;

  /** Fails if the file is not a directory. */
  public static final int DIRECTORY = 1 << 8;

  /** Fails if the last name is that of a symbolic link; with PATH, opens the link itself. */
  public static final int NO_FOLLOW = 1 << 9;

  /** Transfers bytes past the page cache, from and to aligned memory and positions. */
  public static final int DIRECT_IO = 1 << 10;

  /** Makes a file without a name in the directory that is named. */
  public static final int TEMPORARY = 1 << 11;

  /** Opens the place in the file system alone: no bytes, only attributes and names. */
  public static final int PATH = 1 << 12;

  /** Reads do not change the time of the last access. */
  public static final int NO_ACCESS_TIME = 1 << 13;

  /** Does not wait for the other end of a named pipe. */
  public static final int NON_BLOCKING = 1 << 14;

  /** Those that need {@link Capability#ALL_OPEN_FLAGS}. */
  public static final int SPECIAL = DIRECT_IO | TEMPORARY | PATH | NO_ACCESS_TIME | NON_BLOCKING;

  /** Makes a {@link DirectDescriptor}; not a property of the open file. */
  public static final int DIRECT = 1 << 30;

  private OpenFlags() {}
}
