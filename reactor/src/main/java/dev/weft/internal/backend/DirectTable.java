// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import dev.weft.error.Errno;
import java.util.BitSet;

/**
 * The account of a table of direct descriptors. An operation that makes one has a slot reserved
 * from the submit on, and is refused if none is left: if the kernel found the table full, it would
 * have accepted the connection or created the file already. Allocates nothing once it is made.
 */
public final class DirectTable {
  private static final int CANCELED = -Errno.ECANCELED.code();
  private static final int FULL = -Errno.ENFILE.code();

  /** The slots that have a descriptor. */
  private final BitSet open;

  /** The number of slots that are neither open nor reserved. */
  private int free;

  DirectTable(int size) {
    open = new BitSet(size);
    free = size;
  }

  /** Counts what a chain will do, just before it starts. */
  void begin(Op head) {
    for (Op op = head; op != null; op = op.link) {
      if (op.makesDirect()) {
        op.counted = free > 0;
        free -= op.counted ? 1 : 0;
      } else if (op.opcode() == Opcode.CLOSE) {
        op.counted = DirectDescriptor.is(op.handle) && close(op.handle);
      }
    }
  }

  /** Undoes {@link #begin} for a chain that has not started. */
  void abandon(Op head) {
    for (Op op = head; op != null; op = op.link) {
      end(op, CANCELED);
    }
  }

  /** Counts what an operation has done; returns its result. */
  int end(Op op, int result) {
    boolean counted = op.counted;
    op.counted = false;
    if (op.makesDirect()) {
      if (!counted) {
        return FULL;
      }
      if (result >= 0) {
        open.set(DirectDescriptor.slot(result));
      } else {
        free++;
      }
    } else if (counted && result == CANCELED) { // a close that has not happened
      open.set(DirectDescriptor.slot(op.handle));
      free--;
    }
    return result;
  }

  /**
   * Counts a descriptor as closed: its slot can be reserved from now on, by what is submitted after
   * the close.
   *
   * @return false if it is not open
   */
  public boolean close(int number) {
    int slot = DirectDescriptor.slot(number);
    if (!open.get(slot)) {
      return false;
    }
    open.clear(slot);
    free++;
    return true;
  }
}
