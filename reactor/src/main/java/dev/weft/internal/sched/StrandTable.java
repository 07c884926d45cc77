// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.sched;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The strands of a loop that have not ended, by number. What changes at each switch holds numbers:
 * a reference that is stored costs the collector's barrier, the dearest part of a switch.
 */
final class StrandTable {
  /** No strand. */
  static final int NONE = IdRing.NONE;

  /** The number of a strand that has none, because it is new or has ended. */
  static final int UNLISTED = -2;

  private static final int FEW = 16;

  private @Nullable Strand[] strands = new @Nullable Strand[FEW];

  /** The numbers that are not in use, the next to be given last. */
  private int[] free = new int[FEW];

  private int freeCount;

  /** How many numbers have ever been given. */
  private int given;

  /** Gives {@code strand} a number. */
  int add(Strand strand) {
    int slot = freeCount > 0 ? free[--freeCount] : given++;
    if (slot == strands.length) {
      strands = Arrays.copyOf(strands, slot * 2);
    }
    strands[slot] = strand;
    return slot;
  }

  /** Takes the number of an ended strand back. */
  void remove(int slot) {
    strands[slot] = null;
    if (freeCount == free.length) {
      free = Arrays.copyOf(free, freeCount * 2);
    }
    free[freeCount++] = slot;
  }

  /** The strand of that number, which is in use. */
  Strand at(int slot) {
    Strand strand = strands[slot];
    assert strand != null : slot;
    return strand;
  }

  /** The strand of that number, or null. Any thread, to look at. */
  @Nullable Strand peek(int slot) {
    @Nullable Strand[] seen = strands;
    return slot >= 0 && slot < seen.length ? seen[slot] : null;
  }

  int live() {
    return given - freeCount;
  }

  /** Calls {@code action} with each strand, which must not end one. */
  void forEach(Consumer<Strand> action) {
    for (int slot = given - 1; slot >= 0; slot--) {
      Strand strand = strands[slot];
      if (strand != null) {
        action.accept(strand);
      }
    }
  }
}
