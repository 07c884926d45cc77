// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.Deadline;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.micro.ErrorState.Phase;
import org.jspecify.annotations.Nullable;

/**
 * What the threads of one process wait for that is neither a ring nor a thread: a time, or somebody
 * outside. A process that has such a wait, or a deadline, is not over when none of its threads can
 * run.
 */
final class ProcessTimers {
  /** What one thread has armed: made at its first use, and used again. */
  static final class Alarm extends TimerQueue.Timer {
    private final MicroThread thread;
    private final EventLoop loop;
    private final boolean isDeadline;

    /** The outputs that a thread which has ended has left bytes in: the deadline holds for them. */
    private @Nullable ByteRing left;

    Alarm(MicroThread thread, EventLoop loop, boolean isDeadline) {
      this.thread = thread;
      this.loop = loop;
      this.isDeadline = isDeadline;
    }

    private void arm(long deadline) {
      loop.timers().arm(this, deadline);
    }

    @Override
    protected void expired() {
      ProcessTimers alarms = thread.home().alarms;
      if (left != null) {
        for (ByteRing output = left; output != null; output = output.nextLeft) {
          alarms.process.rings.drainOnceThenDrop(output);
        }
        alarms.process.driver.awake(alarms.process);
      } else if (isDeadline) {
        alarms.passed(thread);
      } else {
        alarms.awake(thread);
      }
    }

    private void add(ByteRing output) {
      ByteRing first = left;
      if (first != null) {
        first.previousLeft = output;
      }
      output.nextLeft = first;
      output.alarm = this;
      left = output;
    }

    private void remove(ByteRing output) {
      ByteRing next = output.nextLeft;
      ByteRing previous = output.previousLeft;
      if (next != null) {
        next.previousLeft = previous;
      }
      if (previous != null) {
        previous.nextLeft = next;
      } else {
        left = next;
      }
      output.alarm = null;
      output.nextLeft = null;
      output.previousLeft = null;
    }
  }

  private final MicroProcess process;

  /** How many waits there are, and deadlines. */
  private int count;

  ProcessTimers(MicroProcess process) {
    this.process = process;
  }

  /** There is one more that the process has to live for, or one less. */
  void count(int change) {
    count += change;
  }

  boolean areSet() {
    return count > 0;
  }

  // ---- waits

  /** Begins to wait for {@link #awake}; the caller parks. */
  void await(MicroThread thread) {
    process.requireNotEnding(thread);
    thread.waits();
    if (!thread.waitsOutside) {
      thread.waitsOutside = true;
      count++;
    }
  }

  /** As {@link #await}, for a time at most. Not in the local executor. */
  void sleep(MicroThread thread, long nanos) {
    Alarm alarm = thread.sleep;
    if (alarm == null) {
      alarm = new Alarm(thread, EventLoop.require("sleep"), false);
      thread.sleep = alarm;
    }
    alarm.arm(alarm.loop.clock().nanoTime() + nanos);
    await(thread); // last: if there is no memory for the timer, it does not wait
  }

  /** Ends such a wait, if there is one. On the reactor's thread, but not by a micro-thread. */
  void awake(MicroThread thread) {
    if (thread.waitsOutside) {
      forgetWait(thread);
      process.threads.play(thread);
      process.driver.awake(process);
    }
  }

  /** A thread does not wait any more, although nobody has woken it. */
  void forgetWait(MicroThread thread) {
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

  /** Has ETIMEDOUT raised in {@code thread}, which is running, if it waits at that time. */
  void deadline(MicroThread thread, Deadline deadline) {
    thread.isLate = false;
    thread.isOverdueAside = false;
    MicroDispatcher kernel = MicroDispatcher.of(process);
    if (kernel == null) {
      thread.localDeadline = deadline.equals(Deadline.NEVER) ? null : deadline;
      thread.hasPendingStep |= thread.localDeadline != null;
      return;
    }
    Alarm alarm = thread.alarm;
    if (alarm == null) {
      if (deadline.equals(Deadline.NEVER)) {
        return;
      }
      alarm = new Alarm(thread, kernel.loop(), true);
      thread.alarm = alarm;
    }
    int before = alarm.isArmed() ? 1 : 0;
    alarm.arm(deadline.nanoTime());
    count += (alarm.isArmed() ? 1 : 0) - before;
  }

  private void passed(MicroThread thread) {
    count--;
    if (thread.phase != Phase.BODY) {
      thread.isOverdueAside = true;
      process.rings.drainOnceThenDrop(thread);
    }
    process.threads.late(thread);
    process.driver.awake(process);
  }

  /** The deadline of a thread that has ended holds on, for what it has left in its output. */
  void leave(MicroThread thread, ByteRing output) {
    Alarm alarm = thread.alarm;
    if (alarm != null && alarm.isArmed() && output.alarm == null) {
      alarm.add(output);
    }
  }

  /** Nothing is left in it any more. */
  static void forget(ByteRing output) {
    Alarm alarm = output.alarm;
    if (alarm != null) {
      alarm.remove(output);
      if (alarm.left == null) {
        remove(alarm);
      }
    }
  }

  /** Gives back what a thread that has ended had armed. */
  void forget(MicroThread thread) {
    forgetWait(thread);
    remove(thread.sleep);
    thread.sleep = null;
    Alarm alarm = thread.alarm;
    if (alarm != null) {
      count -= alarm.isArmed() ? 1 : 0; // an output is reason enough for the process to live on
      if (alarm.left == null) {
        remove(alarm);
      }
      thread.alarm = null;
    }
  }

  private static void remove(@Nullable Alarm alarm) {
    if (alarm != null) {
      alarm.loop.timers().remove(alarm);
    }
  }

  /** Whether the deadline of a thread of the local executor has passed, which is told once. */
  static boolean takeLocalDeadline(MicroThread thread) {
    Deadline deadline = thread.localDeadline;
    if (deadline == null || !deadline.hasPassed()) {
      return false;
    }
    thread.localDeadline = null;
    return true;
  }
}
