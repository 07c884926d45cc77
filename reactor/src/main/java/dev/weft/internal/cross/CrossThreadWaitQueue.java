// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Waiters of any reactor or thread for one thing that any thread may bring about. Any thread. */
public final class CrossThreadWaitQueue {
  private final Queue<CrossThreadWaiter> waiters = new ConcurrentLinkedQueue<>();

  /**
   * Enters the caller. It must then look again for what it waits for, since that may have come
   * before anybody could see it wait; and {@link #leave} again unless it was woken.
   */
  public CrossThreadWaiter enter(String verb) {
    CrossThreadWaiter waiter = CrossThreadWaiter.ofCaller(verb);
    waiters.add(waiter);
    return waiter;
  }

  /** Takes out a waiter that no longer waits; if it has just been woken, another one is. */
  public void leave(CrossThreadWaiter waiter) {
    if (waiter.leave()) {
      waiters.remove(waiter);
    } else {
      wakeOne();
    }
  }

  /** Wakes the one that has waited longest, if there is any. */
  public void wakeOne() {
    for (CrossThreadWaiter waiter; (waiter = waiters.poll()) != null; ) {
      if (waiter.wake()) {
        return;
      }
    }
  }

  /** Wakes all. */
  public void wakeAll() {
    for (CrossThreadWaiter waiter; (waiter = waiters.poll()) != null; ) {
      waiter.wake();
    }
  }
}
