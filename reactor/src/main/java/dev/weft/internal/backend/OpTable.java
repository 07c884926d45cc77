// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.util.Arrays;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Table of operations by slot. A completion carries {@code generation << 32 | slot}; the generation
 * changes with each use, so that a completion of an earlier use is recognised as stale.
 */
public final class OpTable {
  private static final int INITIAL_SLOTS = 64;

  private @Nullable Op[] ops = new @Nullable Op[INITIAL_SLOTS];

  /**
   * The last generation of slot i. It outlives the operation, so that the slot's next operation
   * continues from it.
   */
  private int[] generations = new int[INITIAL_SLOTS];

  /** A stack of the free slots, with room for all, so that {@link #release} allocates nothing. */
  private int[] free = new int[INITIAL_SLOTS];

  private int freeCount;
  private int used;

  /** Makes an operation. If memory is short, it throws and changes nothing. */
  public Op create(Op.Listener listener) {
    if (freeCount == 0 && used == ops.length) {
      grow(used * 2);
    }
    int slot = freeCount > 0 ? free[freeCount - 1] : used;
    Op op = new Op(slot, listener);
    op.generation = generations[slot];
    if (slot == used) {
      used++;
    } else {
      freeCount--;
    }
    ops[slot] = op;
    return op;
  }

  private void grow(int slots) {
    @Nullable Op[] largerOps = Arrays.copyOf(ops, slots);
    int[] largerGenerations = Arrays.copyOf(generations, slots);
    free = Arrays.copyOf(free, slots);
    generations = largerGenerations;
    ops = largerOps;
  }

  public void release(Op op) {
    assert !op.isBusy() : op;
    assert ops[op.slot] == op : op;
    ops[op.slot] = null;
    generations[op.slot] = op.generation;
    free[freeCount++] = op.slot;
  }

  /** The operation that the completion belongs to, or null if the completion is stale. */
  @Nullable
  public Op find(long userData) {
    int slot = (int) userData;
    if (slot < 0 || slot >= used) {
      return null;
    }
    Op op = ops[slot];
    return op != null && op.generation == (int) (userData >>> 32) ? op : null;
  }

  public static long userData(Op op) {
    return (long) op.generation << 32 | op.slot;
  }

  /** Calls {@code action} with every busy operation. */
  public void forEachBusy(Consumer<Op> action) {
    for (int slot = 0; slot < used; slot++) {
      Op op = busyAt(slot);
      if (op != null) {
        action.accept(op);
      }
    }
  }

  /** Calls {@code action} with every operation that has not been released. */
  public void forEach(Consumer<Op> action) {
    for (int slot = 0; slot < used; slot++) {
      Op op = ops[slot];
      if (op != null) {
        action.accept(op);
      }
    }
  }

  /** How many slots have ever been used. */
  public int slots() {
    return used;
  }

  /** The operation in {@code slot} if it is busy, or null. */
  @Nullable
  public Op busyAt(int slot) {
    Op op = ops[slot];
    return op != null && op.isBusy() ? op : null;
  }
}
