// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.micro.MicroRaiser.Phase;
import dev.weft.weave.Context;
import dev.weft.weave.Routine;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one process and its run queue. A step resumes one of them until it suspends; when
 * it returns or throws instead, the rest of its life is arranged here (see {@link MicroRaiser}).
 */
final class MicroThreads {
  private final MicroProcess process;
  private @Nullable MicroThread[] table = new @Nullable MicroThread[8];
  private int[] freeIds = new int[8];
  private int freeCount;
  private int used;
  private int live;

  private final RunRing ready = new RunRing();

  /** Those that have let all others go first. */
  private final RunRing yielded = new RunRing();

  /** The thread that control was passed to: before all of the queue. */
  private int next = RunRing.NONE;

  private int current = RunRing.NONE;

  MicroThreads(MicroProcess process) {
    this.process = process;
  }

  MicroProcess process() {
    return process;
  }

  // ---- the table

  void add(MicroThread thread) {
    if (thread.process != null) {
      throw new IllegalStateException(thread.name() + " is in a process already");
    }
    if (freeCount == 0 && used == table.length) {
      table = Arrays.copyOf(table, used * 2);
    }
    thread.process = process;
    thread.id = freeCount > 0 ? freeIds[--freeCount] : used++;
    thread.runner = process.isStackful() ? thread.stackful() : thread;
    table[thread.id] = thread;
    live++;
  }

  private void remove(MicroThread thread) {
    table[thread.id] = null;
    int id = thread.id;
    thread.id = RunRing.NONE; // or run would take it for the next that has this number
    if (freeCount == freeIds.length) {
      freeIds = Arrays.copyOf(freeIds, freeCount * 2);
    }
    freeIds[freeCount++] = id;
  }

  int live() {
    return live;
  }

  MicroThread thread(int id) {
    MicroThread thread = table[id];
    assert thread != null : id;
    return thread;
  }

  /** The thread that is running. */
  MicroThread current(String verb) {
    if (current == RunRing.NONE) {
      throw new IllegalStateException(verb + " must be called by a thread of the process");
    }
    return thread(current);
  }

  boolean isRunning() {
    return current != RunRing.NONE;
  }

  // ---- the run queue

  void play(MicroThread thread) {
    if (thread.aside) {
      thread.played = true;
      if (thread.isEnded()) {
        return;
      }
    }
    queue(thread);
  }

  void playFirst(MicroThread thread) {
    if (thread.aside) {
      play(thread);
    } else if (!thread.queued) {
      queueFirst(thread);
    }
  }

  private void queueFirst(MicroThread thread) {
    thread.queued = true;
    int second = next;
    next = thread.id;
    if (second != RunRing.NONE) {
      ready.addFirst(second);
    }
  }

  /** Has {@code thread} run its lastly with this error when it is its turn. */
  void raiseAt(MicroThread thread, int code) {
    if (!thread.aside) {
      thread.aside = true;
      thread.played = thread.queued;
    }
    thread.raisedAt = code;
    queue(thread);
  }

  /** The deadline of {@code thread} has passed. */
  void late(MicroThread thread) {
    if (thread.phase == Phase.RAISED || thread.phase == Phase.FAULTED) {
      thread.raisedAt =
          Errno.ETIMEDOUT.code(); // told when its lastly, which is not hurried, is over
    } else if (thread.phase == Phase.BODY && !thread.queued) {
      raiseAt(thread, Errno.ETIMEDOUT.code());
    } else if (thread.phase == Phase.BODY) {
      thread.isLate = true; // what it waited for has come first: told at its next wait
      if (!thread.aside) {
        thread.aside = true;
        thread.played = true;
      }
    }
  }

  private void queue(MicroThread thread) {
    if (!thread.queued) {
      thread.queued = true;
      ready.addLast(thread.id);
    }
  }

  void yieldLast(MicroThread thread) {
    if (!thread.queued) {
      thread.queued = true;
      yielded.addLast(thread.id);
    }
  }

  boolean isIdle() {
    return next == RunRing.NONE && ready.isEmpty();
  }

  boolean hasYielded() {
    return !yielded.isEmpty();
  }

  /** Lets those that have yielded run again. */
  void admitYielded() {
    for (int id; (id = yielded.poll()) != RunRing.NONE; ) {
      ready.addLast(id);
    }
  }

  // ---- steps

  /**
   * Resumes threads until none can run.
   *
   * @param budget how many times at most
   * @return what is left of it
   */
  int run(Context context, int budget) {
    int left = budget;
    if (left > 0 && !isIdle()) {
      MicroThread thread = thread(nextReady());
      MicroThread other = thread;
      while (true) {
        step(thread, context);
        int id;
        if (--left == 0 || (id = nextReady()) == RunRing.NONE) {
          break;
        }
        // Most often it is the same thread, or the one before, which has called it: then the
        // processor knows who without waiting for what this thread has stored.
        if (id != thread.id) {
          MicroThread before = thread;
          thread = id == other.id ? other : thread(id);
          other = before;
        }
      }
    }
    current = RunRing.NONE;
    return left;
  }

  private int nextReady() {
    int id = next;
    if (id == RunRing.NONE) {
      return ready.poll();
    }
    next = RunRing.NONE;
    return id;
  }

  private void step(MicroThread thread, Context context) {
    thread.queued = false;
    if (thread.aside) {
      stepAside(thread, context);
    } else if (!thread.expects() || thread.deliver(context)) {
      resume(thread, thread.runner, context);
    }
  }

  private void resume(MicroThread thread, Routine routine, Context context) {
    current = thread.id;
    boolean suspended = false;
    Throwable failure = null;
    try {
      // Two calls, that the woven thread need not be loaded.
      suspended = routine == thread ? thread.go(context) : routine.go(context);
    } catch (Throwable e) {
      failure = e;
    }
    if (!suspended) {
      finished(thread, routine, failure, context);
    }
  }

  /** A step of a thread that is not simply running its body. */
  private void stepAside(MicroThread thread, Context context) {
    if (thread.isEnded()) {
      remove(thread);
      return;
    }
    if (thread.cleanup == null) {
      if (MicroAlarms.takeLocalDeadline(thread) && thread.raisedAt == 0) {
        thread.raisedAt = Errno.ETIMEDOUT.code();
        thread.played = true;
      }
      int code = thread.raisedAt;
      thread.raisedAt = 0;
      if (thread.phase != Phase.BODY) {
        resume(thread, thread.runner, context); // it is being unwound: nothing more happens to it
        return;
      }
      if (code == 0) {
        stepWithDeadline(thread, context);
        return;
      }
      if (thread.status() == Status.WAIT) {
        process.forgetWaits(thread);
        thread.played = true; // what waits looks again when it goes on
      }
      thread.bodyPlayed = thread.played || thread.expects();
      thread.bodyStatus = thread.status;
      beginLastly(thread, Phase.RAISED, code);
    }
    Routine cleanup = thread.cleanup;
    if (cleanup != null) {
      resume(thread, cleanup, context);
    }
  }

  /** A step of a thread whose deadline has passed, or has to be looked at before each step. */
  private void stepWithDeadline(MicroThread thread, Context context) {
    thread.aside = false;
    step(thread, context);
    if (thread.phase == Phase.BODY && thread.localDeadline != null) {
      thread.aside = true;
    } else if (thread.phase == Phase.BODY && thread.isLate) {
      thread.isLate = false;
      late(thread);
    }
  }

  // ---- the ends of what a step runs

  /** Runs lastly() while the body is suspended, or over. */
  private static final class Lastly extends Routine {
    private final MicroThread thread;

    Lastly(MicroThread thread) {
      this.thread = thread;
    }

    @Override
    protected void run() throws Exception {
      thread.lastly();
    }
  }

  private void beginLastly(MicroThread thread, Phase phase, int code) {
    thread.phase = phase;
    thread.aside = true;
    thread.begin(code);
    Lastly lastly = new Lastly(thread);
    thread.cleanup = process.isStackful() ? lastly.stackful() : lastly;
  }

  /** Has it run next, unless it is in the queue already. */
  private void again(MicroThread thread) {
    if (!thread.queued) {
      queueFirst(thread);
    }
  }

  private void finished(
      MicroThread thread, Routine routine, @Nullable Throwable failure, Context context) {
    if (routine == thread.cleanup) {
      lastlyEnded(thread, failure, context);
    } else {
      bodyEnded(thread, failure, context);
    }
  }

  private void bodyEnded(MicroThread thread, @Nullable Throwable failure, Context context) {
    boolean byItself = failure == null || (failure instanceof MicroEnd && thread.endsHere());
    if (byItself && thread.phase == Phase.BODY) {
      beginLastly(thread, Phase.LASTLY, 0);
      again(thread);
    } else if (thread.phase == Phase.UNWINDING || failure instanceof MicroEnd) {
      if (failure != null && !(failure instanceof MicroEnd)) {
        process.report(thread.name() + " failed while it was ended: " + failure);
      }
      end(thread);
    } else if (failure == null) {
      end(thread);
    } else {
      fault(thread, failure, context);
    }
  }

  private void fault(MicroThread thread, Throwable failure, Context context) {
    Fault fault = new Fault(thread, failure);
    process.faulted(fault);
    MicroThread supervisor = process.supervisor();
    if (supervisor != null && supervisor != thread && !supervisor.isEnded()) {
      if (process.isTooFaulty()) {
        process.report("too many faults: " + thread.name() + " is given up");
        end(thread);
      } else {
        rewind(thread, context);
        if (!thread.expects()) {
          thread.status(Status.YIELD);
        }
      }
      supervisor.fault(fault);
      raiseAt(supervisor, Errno.EFAULT.code());
      return;
    }
    thread.fault(fault);
    thread.bodyStatus = thread.status;
    beginLastly(thread, Phase.FAULTED, Errno.EFAULT.code());
    again(thread);
  }

  /** Makes a thread that has thrown go on from its last suspension, or else from its beginning. */
  private void rewind(MicroThread thread, Context context) {
    thread.phase = Phase.BODY;
    thread.aside = thread.isStepAside();
    thread.forgetRaises();
    if (!thread.runner.rewind(context)) {
      thread.restart();
      thread.status(Status.RUN);
      thread.runner = process.isStackful() ? thread.stackful() : thread;
    }
  }

  private void lastlyEnded(MicroThread thread, @Nullable Throwable failure, Context context) {
    thread.cleanup = null;
    boolean lowered = thread.takeLowered() && failure == null;
    if (failure != null && !(failure instanceof MicroEnd)) {
      process.report("lastly of " + thread.name() + " failed: " + failure);
    }
    switch (thread.phase) {
      case RAISED -> raisedAtEnded(thread, lowered, context);
      case FAULTED -> faultEnded(thread, lowered, context);
      case REAPED -> unwind(thread, context);
      default -> end(thread);
    }
  }

  private void raisedAtEnded(MicroThread thread, boolean lowered, Context context) {
    if (!lowered) {
      unwind(thread, context);
      return;
    }
    thread.phase = Phase.BODY;
    thread.aside = thread.isStepAside();
    thread.status = thread.bodyStatus;
    if (thread.bodyPlayed || thread.raisedAt != 0) {
      queue(thread);
    }
  }

  private void faultEnded(MicroThread thread, boolean lowered, Context context) {
    if (lowered && process.isTooFaulty()) {
      process.report("too many faults: " + thread.name() + " is given up");
    } else if (lowered) {
      thread.status = thread.bodyStatus;
      rewind(thread, context);
      again(thread);
      return;
    }
    end(thread);
  }

  /** Takes the body out of its calls, through its finally blocks, in which it may suspend. */
  private void unwind(MicroThread thread, Context context) {
    thread.phase = Phase.UNWINDING;
    thread.aside = true;
    process.forgetWaits(thread);
    if (!thread.runner.hasBegun()) {
      end(thread);
      return;
    }
    context.failure = new MicroEnd(thread.name() + " was ended");
    thread.queued = false;
    resume(thread, thread.runner, context);
  }

  private void end(MicroThread thread) {
    thread.phase = Phase.ENDED;
    thread.aside = true;
    thread.status(Status.END);
    thread.cleanup = null;
    live--;
    process.ended(thread);
    if (!thread.queued) {
      remove(thread);
    }
  }

  // ---- the end of the process

  /** Begins to end the threads that are left: each runs its lastly with EINTR. */
  void reap() {
    admitYielded();
    for (int id = 0; id < used; id++) {
      MicroThread thread = table[id];
      if (thread != null && thread.phase == Phase.BODY) {
        process.forgetWaits(thread);
        beginLastly(thread, Phase.REAPED, Errno.EINTR.code());
        queue(thread);
      }
    }
  }

  /** Ends the threads whose lastly, or finally, waits. */
  void reapHard(Context context) {
    for (int id = 0; id < used; id++) {
      MicroThread thread = table[id];
      if (thread != null && !thread.isEnded()) {
        thread.cleanup = null;
        if (thread.phase == Phase.UNWINDING) {
          process.report(thread.name() + " waits although it was ended, and is dropped");
          end(thread);
        } else {
          unwind(thread, context);
        }
      }
    }
  }

  /** Calls the name of each thread that has not ended. */
  String describeLive() {
    StringBuilder text = new StringBuilder();
    for (int id = 0; id < used; id++) {
      MicroThread thread = table[id];
      if (thread != null && !thread.isEnded()) {
        text.append(text.isEmpty() ? "" : ", ").append(thread.name());
        text.append(' ').append(thread.status());
      }
    }
    return text.toString();
  }

  /** Calls {@code action} with each thread that has not ended. */
  void forEachLive(java.util.function.Consumer<MicroThread> action) {
    for (int id = 0; id < used; id++) {
      MicroThread thread = table[id];
      if (thread != null && !thread.isEnded()) {
        action.accept(thread);
      }
    }
  }
}
