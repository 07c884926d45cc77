// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.lang.invoke.VarHandle;

/**
 * Something that strands of any reactor, and threads, try until it succeeds, and wait for
 * meanwhile. Waiters are woken in FIFO order, but a caller that did not wait may be first.
 */
public abstract class CrossThreadCondition {
  private final CrossThreadWaitQueue waiters = new CrossThreadWaitQueue();

  /** Makes a condition without waiters. */
  protected CrossThreadCondition() {}

  /**
   * Tries once, without waiting. Called by any thread.
   *
   * @param wanted what the caller of {@link #await} wants
   */
  protected abstract boolean attempt(long wanted);

  /**
   * Tries until it succeeds. Suspends a strand, blocks a thread.
   *
   * @param wanted for {@link #attempt}
   * @throws WrongThreadException if the caller is a reactor's thread outside any fiber, which must
   *     not block
   */
  public final void await(String verb, Object subject, long wanted, long deadline) {
    checkBeforeWait(verb, subject, deadline);
    await(verb, subject, wanted, deadline, false);
  }

  /**
   * As {@link #await(String, Object, long, long)}, but one that succeeds at once does so for a
   * cancelled caller, and after the deadline, too.
   *
   * @param shielded whether neither a cancel nor an interrupt ends the wait
   */
  final void await(String verb, Object subject, long wanted, long deadline, boolean shielded) {
    while (!attempt(wanted)) {
      CrossThreadWaiter waiter = waiters.enter(verb);
      boolean woken = false;
      try {
        VarHandle.fullFence(); // register as a waiter before trying
        if (attempt(wanted)) {
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

  /** Lets one waiter try again; what it waits for has been made before. */
  public final void wakeOne() {
    VarHandle.fullFence(); // publish it before checking for waiters
    waiters.wakeOne();
  }

  /** Lets all waiters try again; what they wait for has been made before. */
  public final void wakeAll() {
    VarHandle.fullFence(); // publish it before checking for waiters
    waiters.wakeAll();
  }

  /**
   * Throws what a wait would if it began now, because the caller is cancelled or the deadline has
   * passed.
   */
  public static void checkBeforeWait(String verb, Object subject, long deadline) {
    Strand strand = Strand.current();
    if (strand != null) {
      Strand.require(verb).checkBeforeWait(verb, subject, deadline, WaitMode.EXTERNAL);
    } else if (Thread.currentThread().isInterrupted()) {
      throw new CancelledException(
          verb + " " + subject + ": " + Thread.currentThread() + " was interrupted");
    } else if (deadline != TimerQueue.NOW
        && deadline != TimerQueue.NEVER
        && deadline <= System.nanoTime()) {
      throw new DeadlineExceededException(verb + " " + subject + ": deadline exceeded");
    }
  }
}
