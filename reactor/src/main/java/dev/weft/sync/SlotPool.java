// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.internal.strand.WaitNode;
import java.util.BitSet;

/**
 * Pool of slot numbers from 0, each of which one fiber uses at a time: for arrays of buffers, ports
 * or connections. {@link #get} returns the lowest free number. Fair: the fiber that has waited
 * longest gets the next free slot.
 */
public final class SlotPool {
  /** What {@link #tryGet} returns if no slot is free. */
  public static final int NONE = -1;

  private final EventLoop loop = EventLoop.require("make a slot pool");
  private final WaitList waiters = new WaitList();
  private final int size;
  private final BitSet out = new BitSet();
  private int free;

  private SlotPool(int size) {
    this.size = size;
    free = size;
  }

  /**
   * Creates a pool with all slots free.
   *
   * @param size how many slots, at least 1
   * @return a pool of the current reactor
   */
  public static SlotPool of(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1: " + size);
    }
    return new SlotPool(size);
  }

  /**
   * Takes a slot. Suspends until one is free.
   *
   * @return the slot's number; return it with {@link #put}
   */
  public int get() {
    return get(Deadline.NEVER);
  }

  /**
   * Takes a slot, and waits at most until {@code deadline}. Suspends until one is free.
   *
   * @param deadline when to stop waiting
   * @return the slot's number; return it with {@link #put}
   * @throws dev.weft.error.DeadlineExceededException if none became free in time
   */
  public int get(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "get", this);
    strand.checkBeforeWait("get", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (free > 0) {
      return takeLowest();
    }
    strand.await(waiters, "get", this, deadline.nanoTime(), WaitMode.INTERNAL);
    return strand.waiting.node().outcome;
  }

  /**
   * Takes a slot if one is free. Does not suspend; may be called outside fibers.
   *
   * @return the slot's number; return it with {@link #put}; or {@link #NONE}
   */
  public int tryGet() {
    loop.requireThread("get", this);
    return free > 0 ? takeLowest() : NONE;
  }

  private int takeLowest() {
    int slot = out.nextClearBit(0);
    out.set(slot);
    free--;
    return slot;
  }

  /**
   * Returns a slot, to the fiber that has waited longest if there is one. Does not suspend; may be
   * called outside fibers.
   *
   * @param slot the slot's number
   * @throws IllegalStateException if the slot is not in use
   */
  public void put(int slot) {
    loop.requireThread("put", this);
    if (slot < 0 || slot >= size || !out.get(slot)) {
      throw new IllegalStateException("put: slot " + slot + " is not out of " + this);
    }
    WaitNode waiter = waiters.first();
    if (waiter != null) {
      waiter.outcome = slot;
      waiter.fire();
    } else {
      out.clear(slot);
      free++;
    }
  }

  /** {@return the number of free slots} */
  public int free() {
    return free;
  }

  @Override
  public String toString() {
    return "slot pool (" + free + " of " + size + " free)";
  }
}
