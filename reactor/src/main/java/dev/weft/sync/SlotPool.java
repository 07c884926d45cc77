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
 * Numbers from 0 on, each of which is out to one fiber at a time: for arrays of buffers, ports,
 * connections. The lowest free one is given first; who has waited longest gets the next.
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
   * Makes a pool with all slots free.
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
   * @return its number, to be given back by {@link #put}
   */
  public int get() {
    return get(Deadline.NEVER);
  }

  /**
   * Takes a slot, but does not wait for ever. Suspends until one is free.
   *
   * @param deadline until when
   * @return its number, to be given back by {@link #put}
   * @throws dev.weft.error.DeadlineExceededException if none became free
   */
  public int get(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "get", this);
    strand.checkBeforeWait("get", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (free > 0) {
      return takeLowest();
    }
    strand.await(waiters, "get", this, deadline.nanoTime(), WaitMode.INTERNAL);
    return strand.node().outcome;
  }

  /**
   * Takes a slot if one is free. Does not suspend; may be called outside fibers.
   *
   * @return its number, to be given back by {@link #put}; or {@link #NONE}
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
   * Gives a slot back, to the fiber that has waited longest if there is one. Does not suspend; may
   * be called outside fibers.
   *
   * @param slot its number
   * @throws IllegalStateException if it is not out
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

  /**
   * How many slots are free.
   *
   * @return from 0 to the size
   */
  public int free() {
    return free;
  }

  @Override
  public String toString() {
    return "slot pool (" + free + " of " + size + " free)";
  }
}
