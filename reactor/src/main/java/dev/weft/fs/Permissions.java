// SPDX-License-Identifier: Apache-2.0
package dev.weft.fs;

import java.nio.file.OpenOption;

/**
 * Permissions of a file that {@link File#open} creates; without them it gets 0666. The umask takes
 * from both.
 *
 * @param mode the lower twelve bits of a mode, such as 0640 (inode(7))
 */
public record Permissions(int mode) implements OpenOption {
  private static final int ALL = 07777;

  /**
   * Checks the mode.
   *
   * @throws IllegalArgumentException if it has other bits
   */
  public Permissions {
    requireMode(mode);
  }

  /** Checks that a mode has no other bits than those of permissions. */
  static int requireMode(int mode) {
    if ((mode & ~ALL) != 0) {
      throw new IllegalArgumentException(
          "permissions must be from 0 to 07777: 0" + Integer.toOctalString(mode));
    }
    return mode;
  }

  @Override
  public String toString() {
    return "0" + Integer.toOctalString(mode);
  }
}
