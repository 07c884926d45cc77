// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** How a file is opened: a set of bits. READ, WRITE or both must be among them. */
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

  /** Makes a {@link DirectDescriptor}; not a property of the open file. */
  public static final int DIRECT = 1 << 30;

  private OpenFlags() {}
}
