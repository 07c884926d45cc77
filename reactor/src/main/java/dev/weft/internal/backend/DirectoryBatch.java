// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.util.Arrays;

/** Some entries of a directory, without {@code .} and {@code ..}; what {@link Op#list} fills. */
public final class DirectoryBatch {
  private static final int FIRST_ENTRIES = 16;

  private byte[][] names = new byte[FIRST_ENTRIES][];
  private FileType[] types = new FileType[FIRST_ENTRIES];
  private long[] inodes = new long[FIRST_ENTRIES];
  private int count;

  /** Removes all entries. */
  public void clear() {
    Arrays.fill(names, 0, count, null);
    count = 0;
  }

  /**
   * Adds an entry.
   *
   * @param name without a NUL
   * @param type OTHER if the directory does not say it
   */
  public void add(byte[] name, FileType type, long inode) {
    if (count == names.length) {
      names = Arrays.copyOf(names, 2 * count);
      types = Arrays.copyOf(types, 2 * count);
      inodes = Arrays.copyOf(inodes, 2 * count);
    }
    names[count] = name;
    types[count] = type;
    inodes[count] = inode;
    count++;
  }

  public int count() {
    return count;
  }

  public byte[] name(int index) {
    return names[index];
  }

  /** The type of an entry; OTHER if it is not known. */
  public FileType type(int index) {
    return types[index];
  }

  public long inode(int index) {
    return inodes[index];
  }
}
