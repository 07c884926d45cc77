// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Queue of waiters on any reactor or thread, which any thread can wake. Thread-safe. */
public final class CrossThreadWaitQueue {
  private final Queue<CrossThreadWaiter> waiters = new ConcurrentLinkedQueue<>();

  /**
   * Adds the caller. The caller must then check again what it waits for, since that can have
   * happened before it was in the queue, and must {@link #leave} unless it was woken.
   */
  public CrossThreadWaiter enter(String verb) {
    CrossThreadWaiter waiter = CrossThreadWaiter.ofCaller(verb);
    waiters.add(waiter);
    return waiter;
  }

  /** Removes a waiter that no longer waits; if it has just been woken, wakes another one. */
  public void leave(CrossThreadWaiter waiter) {
    if (waiter.leave()) {
      waiters.remove(waiter);
    } else {
      wakeOne();
    }
  }

  /** Wakes the waiter that has waited longest, if there is one. */
  public void wakeOne() {
    for (CrossThreadWaiter waiter; (waiter = waiters.poll()) != null; ) {
      if (waiter.wake()) {
        return;
      }
    }
  }

  /** Wakes all waiters. */
  public void wakeAll() {
    for (CrossThreadWaiter waiter; (waiter = waiters.poll()) != null; ) {
      waiter.wake();
    }
  }
}
