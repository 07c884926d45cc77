// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import java.lang.invoke.VarHandle;

/** Something that happens once, and that strands of any reactor and threads wait for. */
public final class CrossThreadLatch {
  private final CrossThreadWaitQueue waiters = new CrossThreadWaitQueue();
  private volatile boolean released;

  /** Ends all waits, present and future. May be called from any thread, again and again. */
  public void release() {
    released = true;
    VarHandle.fullFence(); // publish it before checking for waiters
    waiters.wakeAll();
  }

  public boolean isReleased() {
    return released;
  }

  /**
   * Waits for the release. Suspends a strand, blocks a thread.
   *
   * @throws WrongThreadException if the caller is a reactor's thread outside any fiber, which must
   *     not block
   */
  public void await(String verb, Object subject, long deadline) {
    await(verb, subject, deadline, false);
  }

  /** As {@link #await}, but neither a cancel nor an interrupt ends the wait. */
  public void awaitShielded(String verb, Object subject, long deadline) {
    await(verb, subject, deadline, true);
  }

  private void await(String verb, Object subject, long deadline, boolean shielded) {
    while (!released) {
      CrossThreadWaiter waiter = waiters.enter(verb);
      boolean woken = false;
      try {
        VarHandle.fullFence(); // register as a waiter before checking
        if (released) {
          return;
        }
        waiter.await(verb, subject, deadline, shielded);
        woken = true;
      } finally {
        if (!woken) {
          waiters.leave(waiter);
        }
      }
    }
  }
}
