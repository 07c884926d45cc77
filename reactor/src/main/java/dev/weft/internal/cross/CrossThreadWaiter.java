// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.cross;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import dev.weft.routine.Blocks;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/** A wait of a strand, or of a thread without a reactor, that any thread can end. Used once. */
public abstract class CrossThreadWaiter {
  private static final int WAITING = 0;
  private static final int WOKEN = 1;
  private static final int ABANDONED = 2;

  private final AtomicInteger state = new AtomicInteger(WAITING);

  CrossThreadWaiter() {}

  /**
   * Makes a waiter for the calling strand or thread.
   *
   * @throws WrongThreadException if the caller is a reactor's thread outside any fiber, which must
   *     not block
   */
  public static CrossThreadWaiter ofCaller(String verb) {
    Strand strand = Strand.current();
    if (strand != null) {
      return new OfStrand(Strand.require(verb));
    }
    if (EventLoop.current() != null) {
      throw new WrongThreadException(
          verb + " would block the reactor of this thread: call it in a fiber");
    }
    return new OfThread();
  }

  /** Waits until woken. Called once, by the strand or thread that made the waiter. Suspends. */
  public final void await(String verb, Object subject, long deadline) {
    await(verb, subject, deadline, false);
  }

  /**
   * As {@link #await(String, Object, long)}.
   *
   * @param shielded whether neither a cancel nor an interrupt ends the wait
   */
  abstract void await(String verb, Object subject, long deadline, boolean shielded);

  /** Ends the wait; returns false if it has ended already. May be called from any thread. */
  public final boolean wake() {
    if (!state.compareAndSet(WAITING, WOKEN)) {
      return false;
    }
    resume();
    return true;
  }

  /** Abandons the wait; returns false if it was woken, so that another waiter must be woken. */
  public final boolean leave() {
    return state.compareAndSet(WAITING, ABANDONED);
  }

  final boolean isWoken() {
    return state.get() == WOKEN;
  }

  abstract void resume();

  private static final class OfStrand extends CrossThreadWaiter {
    private final Strand strand;
    private final WaitList list = new WaitList();
    private final LoopMessage message;

    OfStrand(Strand strand) {
      this.strand = strand;
      message =
          new LoopMessage(strand.loop) {
            @Override
            protected void arrive() {
              list.wakeAll(); // empty if the strand did not have to wait
            }
          };
    }

    @Override
    void await(String verb, Object subject, long deadline, boolean shielded) {
      WaitMode mode = shielded ? WaitMode.SHIELDED : WaitMode.EXTERNAL;
      strand.await(list, verb, subject, deadline, mode);
    }

    @Override
    void resume() {
      message.post();
    }
  }

  @Blocks // the thread runs no fibers
  private static final class OfThread extends CrossThreadWaiter {
    private final Thread thread = Thread.currentThread();

    @Override
    void await(String verb, Object subject, long deadline, boolean shielded) {
      boolean interrupted = false;
      try {
        while (!isWoken()) {
          if (shielded) {
            interrupted |= Thread.interrupted(); // an interrupted thread would not park
          } else if (thread.isInterrupted()) {
            throw new CancelledException(verb + " " + subject + ": " + thread + " was interrupted");
          }
          park(verb, subject, deadline);
        }
      } finally {
        if (interrupted) {
          thread.interrupt();
        }
      }
    }

    private static void park(String verb, Object subject, long deadline) {
      if (deadline == TimerQueue.NEVER) {
        LockSupport.park(subject);
        return;
      }
      long left = deadline - System.nanoTime();
      if (left <= 0 || deadline == TimerQueue.NOW) {
        throw new DeadlineExceededException(verb + " " + subject + ": deadline exceeded");
      }
      LockSupport.parkNanos(subject, left);
    }

    @Override
    void resume() {
      LockSupport.unpark(thread);
    }
  }
}
