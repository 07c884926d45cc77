// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.Deadline;
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
  static final class Alarm extends DrainDeadline {
    private final ThreadControl thread;
    private final EventLoop loop;
    private final boolean isDeadline;

    Alarm(ThreadControl thread, EventLoop loop, boolean isDeadline) {
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
    Alarm alarm = thread.sleep;
    if (alarm == null) {
      alarm = new Alarm(thread, EventLoop.require("sleep"), false);
      thread.sleep = alarm;
    }
    alarm.arm(alarm.loop.clock().nanoTime() + nanos);
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
      Alarm alarm = thread.sleep;
      if (alarm != null) {
        alarm.loop.timers().disarm(alarm);
      }
    }
  }

  // ---- deadlines

  /** Sets the deadline of {@code thread}, which is running; for all of its waits. */
  public void deadline(ThreadControl thread, Deadline deadline) {
    thread.isLate = false;
    thread.isOverdueInLastly = false;
    MicroDispatcher dispatcher = process.dispatcher;
    if (dispatcher == null) {
      thread.localDeadline = deadline.equals(Deadline.NEVER) ? null : deadline;
      thread.hasPendingStep |= thread.localDeadline != null;
      return;
    }
    Alarm alarm = thread.deadline;
    if (alarm == null) {
      if (deadline.equals(Deadline.NEVER)) {
        return;
      }
      alarm = new Alarm(thread, dispatcher.loop(), true);
      thread.deadline = alarm;
    }
    int before = alarm.isArmed() ? 1 : 0;
    alarm.arm(deadline.nanoTime());
    count += (alarm.isArmed() ? 1 : 0) - before;
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
    Alarm alarm = thread.deadline;
    if (alarm != null) {
      count -= alarm.isArmed() ? 1 : 0; // an output keeps the process alive by itself
      if (!alarm.hasOutputs()) {
        remove(alarm);
      }
      thread.deadline = null;
    }
  }

  private static void remove(@Nullable Alarm alarm) {
    if (alarm != null) {
      alarm.loop.timers().remove(alarm);
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
