// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Pool of slot numbers from 0, each of which one fiber of any reactor, or other thread, uses at a
 * time. Fibers suspend where threads block. <b>All methods may be called from any thread.</b>
 * Waiters are woken in FIFO order, but a caller that did not wait may take a slot before them.
 * Within one reactor {@link SlotPool} costs less.
 */
public final class SharedSlotPool {
  private static final int FREE = 0;
  private static final int TAKEN = 1;

  /** As many permits as there are free slots. */
  private final SharedSemaphore free;

  private final AtomicIntegerArray slots;

  private SharedSlotPool(int size) {
    free = SharedSemaphore.of(size);
    slots = new AtomicIntegerArray(size);
  }

  /**
   * Creates a pool with all slots free.
   *
   * @param size how many slots, at least 1
   * @return a pool that any thread may use
   */
  public static SharedSlotPool of(int size) {
    if (size < 1) {
      throw new IllegalArgumentException("size must be at least 1: " + size);
    }
    return new SharedSlotPool(size);
  }

  /**
   * Takes a slot. Suspends or blocks until one is free.
   *
   * @return the slot's number; return it with {@link #put}
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public int get() {
    return get(Deadline.NEVER);
  }

  /**
   * Takes a slot, and waits at most until {@code deadline}. Suspends or blocks until one is free.
   *
   * @param deadline when to stop waiting
   * @return the slot's number; return it with {@link #put}
   * @throws dev.weft.error.DeadlineExceededException if none became free in time
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted;
   *     the interrupt status stays set
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public int get(Deadline deadline) {
    free.acquire(deadline);
    return take();
  }

  /**
   * Takes a slot if one is free. Does not wait.
   *
   * @return the slot's number, or {@link SlotPool#NONE}
   */
  public int tryGet() {
    return free.tryAcquire() ? take() : SlotPool.NONE;
  }

  /** Takes a slot for the permit that the caller has. */
  private int take() {
    while (true) {
      for (int slot = 0; slot < slots.length(); slot++) {
        if (slots.compareAndSet(slot, FREE, TAKEN)) {
          return slot;
        }
      }
    }
  }

  /**
   * Returns a slot. Does not wait.
   *
   * @param slot its number
   * @throws IllegalStateException if it is not taken
   */
  public void put(int slot) {
    if (!slots.compareAndSet(slot, TAKEN, FREE)) {
      throw new IllegalStateException("put: slot " + slot + " is not taken");
    }
    free.release();
  }

  /** {@return the number of slots that were free when it was called} */
  public int available() {
    return free.available();
  }

  @Override
  public String toString() {
    return "shared slot pool (" + available() + " of " + slots.length() + " free)";
  }
}
