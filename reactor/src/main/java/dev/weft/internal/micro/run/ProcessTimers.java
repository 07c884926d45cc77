// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.Deadline;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.micro.io.DrainDeadline;
import dev.weft.internal.strand.EventLoop;
import org.jspecify.annotations.Nullable;

/**
 * Waits of a process's threads for a timer or for an event outside the process, and their
 * deadlines. A process that has such a wait or a deadline does not end when none of its threads can
 * run.
 */
public final class ProcessTimers {
  /** Timer of one thread, for sleeps or for its deadline; created at its first use and reused. */
  static final class ThreadTimer extends DrainDeadline {
    private final ThreadControl thread;
    private final EventLoop loop;
    private final boolean isDeadline;

    ThreadTimer(ThreadControl thread, EventLoop loop, boolean isDeadline) {
      this.thread = thread;
      this.loop = loop;
      this.isDeadline = isDeadline;
    }

    private void arm(long deadline) {
      loop.timers().arm(this, deadline);
    }

    @Override
    protected void expired() {
      ProcessTimers timers = thread.home().timers;
      if (hasOutputs()) { // of an ended thread: its deadline still holds for them
        expireOutputs();
        timers.process.ready();
      } else if (isDeadline) {
        timers.passed(thread);
      } else {
        timers.awake(thread);
      }
    }

    @Override
    protected void emptied() {
      loop.timers().remove(this);
    }
  }

  private final ProcessControl process;

  /** The number of waits and deadlines. */
  private int count;

  ProcessTimers(ProcessControl process) {
    this.process = process;
  }

  /** Changes the number of waits and deadlines that keep the process alive. */
  void count(int change) {
    count += change;
  }

  boolean areSet() {
    return count > 0;
  }

  // ---- waits

  /** Starts to wait for {@link #awake}; the caller parks. */
  public void await(ThreadControl thread) {
    process.requireNotEnding(thread);
    thread.waits();
    if (!thread.waitsOutside) {
      thread.waitsOutside = true;
      count++;
    }
  }

  /** As {@link #await}, for {@code nanos} at most. Not in the local executor. */
  public void sleep(ThreadControl thread, long nanos) {
    StackReserve.check();
    ThreadTimer timer = thread.sleep;
    if (timer == null) {
      timer = new ThreadTimer(thread, EventLoop.require("sleep"), false);
      thread.sleep = timer;
    }
    timer.arm(timer.loop.clock().nanoTime() + nanos);
    await(thread); // last, so that it does not wait if memory for the timer was short
  }

  /**
   * Ends such a wait, if there is one. Called on the reactor's thread, but not by a micro-thread.
   */
  public void awake(ThreadControl thread) {
    if (thread.waitsOutside) {
      forgetWait(thread);
      process.threads.play(thread);
      process.ready();
    }
  }

  /** Ends such a wait without playing the thread. */
  void forgetWait(ThreadControl thread) {
    if (thread.waitsOutside) {
      thread.waitsOutside = false;
      count--;
      ThreadTimer timer = thread.sleep;
      if (timer != null) {
        timer.loop.timers().disarm(timer);
      }
    }
  }

  // ---- deadlines

  /** Sets the deadline of {@code thread}, which is running; for all of its waits. */
  public void deadline(ThreadControl thread, Deadline deadline) {
    StackReserve.check();
    thread.isLate = false;
    thread.isOverdueInLastly = false;
    MicroDispatcher dispatcher = process.dispatcher;
    if (dispatcher == null) {
      thread.localDeadline = deadline.equals(Deadline.NEVER) ? null : deadline;
      thread.hasPendingStep |= thread.localDeadline != null;
      return;
    }
    ThreadTimer timer = thread.deadline;
    if (timer == null) {
      if (deadline.equals(Deadline.NEVER)) {
        return;
      }
      timer = new ThreadTimer(thread, dispatcher.loop(), true);
      thread.deadline = timer;
    }
    int before = timer.isArmed() ? 1 : 0;
    timer.arm(deadline.nanoTime());
    count += (timer.isArmed() ? 1 : 0) - before;
  }

  private void passed(ThreadControl thread) {
    count--;
    if (thread.phase != Phase.BODY) {
      thread.isOverdueInLastly = true;
      process.waits.drainOnceThenDrop(thread);
    }
    process.threads.late(thread);
    process.ready();
  }

  /** Removes the timers of a thread that has ended. */
  void forget(ThreadControl thread) {
    forgetWait(thread);
    remove(thread.sleep);
    thread.sleep = null;
    ThreadTimer timer = thread.deadline;
    if (timer != null) {
      count -= timer.isArmed() ? 1 : 0; // an output keeps the process alive by itself
      if (!timer.hasOutputs()) {
        remove(timer);
      }
      thread.deadline = null;
    }
  }

  private static void remove(@Nullable ThreadTimer timer) {
    if (timer != null) {
      timer.loop.timers().remove(timer);
    }
  }

  /**
   * Returns whether the deadline of a thread of the local executor has passed, and resets it then.
   */
  static boolean takeLocalDeadline(ThreadControl thread) {
    Deadline deadline = thread.localDeadline;
    if (deadline == null || !deadline.hasPassed()) {
      return false;
    }
    thread.localDeadline = null;
    return true;
  }
}
