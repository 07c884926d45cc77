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

/** One wait, of a strand or of a thread without a reactor, that any thread can end. Used once. */
public abstract class CrossThreadWaiter {
  private static final int WAITING = 0;
  private static final int WOKEN = 1;
  private static final int GONE = 2;

  private final AtomicInteger state = new AtomicInteger(WAITING);

  CrossThreadWaiter() {}

  /**
   * Makes a waiter of the caller.
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

  /** Waits until woken. Called once, by the one that made it. Suspends. */
  public abstract void await(String verb, Object subject, long deadline);

  /** Ends the wait. Any thread. Returns false if it has ended in another way. */
  public final boolean wake() {
    if (!state.compareAndSet(WAITING, WOKEN)) {
      return false;
    }
    goOn();
    return true;
  }

  /** Gives up; returns false if it has been woken, so that somebody else must get to know. */
  public final boolean leave() {
    return state.compareAndSet(WAITING, GONE);
  }

  final boolean isWoken() {
    return state.get() == WOKEN;
  }

  abstract void goOn();

  private static final class OfStrand extends CrossThreadWaiter {
    private final Strand strand;
    private final WaitList list = new WaitList();
    private final LoopMessage arrival;

    OfStrand(Strand strand) {
      this.strand = strand;
      arrival =
          new LoopMessage(strand.loop) {
            @Override
            protected void arrive() {
              list.wakeAll(); // nobody is there if it has gone on without having to wait
            }
          };
    }

    @Override
    public void await(String verb, Object subject, long deadline) {
      strand.await(list, verb, subject, deadline, WaitMode.EXTERNAL);
    }

    @Override
    void goOn() {
      arrival.post();
    }
  }

  @Blocks // a thread that runs no fibers
  private static final class OfThread extends CrossThreadWaiter {
    private final Thread thread = Thread.currentThread();

    @Override
    public void await(String verb, Object subject, long deadline) {
      while (!isWoken()) {
        if (thread.isInterrupted()) {
          throw new CancelledException(verb + " " + subject + ": " + thread + " was interrupted");
        }
        if (deadline == TimerQueue.NEVER) {
          LockSupport.park(subject);
          continue;
        }
        long left = deadline - System.nanoTime();
        if (left <= 0) {
          throw new DeadlineExceededException(verb + " " + subject + ": deadline exceeded");
        }
        LockSupport.parkNanos(subject, left);
      }
    }

    @Override
    void goOn() {
      LockSupport.unpark(thread);
    }
  }
}
