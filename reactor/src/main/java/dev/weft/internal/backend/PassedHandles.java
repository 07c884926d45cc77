// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.util.Arrays;

/**
 * The handles whose files a message passes, in order (SCM_RIGHTS, unix(7)). An operation that sends
 * them keeps them open until it has completed. Grows, and is used again.
 */
final class PassedHandles {
  private static final int INITIAL = 4;

  private Handle[] handles = new Handle[INITIAL];
  private int[] numbers = new int[INITIAL];
  private int count;

  /** How many of the first ones an operation uses. */
  private int used;

  int count() {
    return count;
  }

  void add(Handle handle) {
    if (count == handles.length) {
      int[] more = Arrays.copyOf(numbers, 2 * count);
      handles = Arrays.copyOf(handles, 2 * count);
      numbers = more;
    }
    handles[count++] = handle;
  }

  void clear() {
    assert used == 0 : "an operation sends them";
    Arrays.fill(handles, 0, count, null);
    count = 0;
  }

  boolean areOpen() {
    for (int i = 0; i < count; i++) {
      if (!handles[i].isOpen()) {
        return false;
      }
    }
    return true;
  }

  /** The descriptor of one that is in use; {@link Handle#NONE} if it was closed before. */
  int number(int index) {
    return numbers[index];
  }

  // ---- for the operation that sends them

  void use(Op op) {
    while (used < count) {
      Handle handle = handles[used];
      numbers[used++] = handle.number();
      handle.use(op);
    }
  }

  void unuse(Op op) {
    while (used > 0) {
      handles[--used].unuse(op);
    }
  }

  boolean uses(Handle handle) {
    for (int i = 0; i < used; i++) {
      if (handles[i] == handle) {
        return true;
      }
    }
    return false;
  }
}
