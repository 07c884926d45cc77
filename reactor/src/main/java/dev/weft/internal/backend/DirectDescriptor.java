// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/**
 * The numbers of direct descriptors: a slot of the table of a ring, with a bit that no descriptor
 * of a process has. Only operations of that ring know them.
 */
public final class DirectDescriptor {
  private static final int BIT = 1 << 30;

  private DirectDescriptor() {}

  /** Whether a number is that of a direct descriptor; {@link Handle#NONE} is not. */
  public static boolean is(int number) {
    return number >= BIT;
  }

  /** The number of a slot. */
  public static int number(int slot) {
    return slot | BIT;
  }

  /** The slot of a number. */
  public static int slot(int number) {
    return number & ~BIT;
  }

  /** What messages call a descriptor, direct or not. */
  public static String text(int number) {
    return is(number) ? "direct descriptor " + slot(number) : "descriptor " + number;
  }
}
