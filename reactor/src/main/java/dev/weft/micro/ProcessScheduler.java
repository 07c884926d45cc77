// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.error.Errno;
import dev.weft.internal.queue.IntDeque;
import dev.weft.micro.ErrorState.Phase;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The threads of one process and its run queue. A step resumes one of them until it suspends; when
 * it returns or throws instead, the rest of its life is arranged by {@link ThreadLifecycle}.
 */
final class ProcessScheduler {
  private final MicroProcess process;
  final ThreadLifecycle ends;
  private static final int INITIAL_LENGTH = 8;

  /** So many threads are called by name in a report. */
  private static final int DESCRIBED_MAX = 100;

  private @Nullable MicroThread[] table = new @Nullable MicroThread[INITIAL_LENGTH];

  /** As long as the table. */
  private int[] freeIds = new int[INITIAL_LENGTH];

  private int freeCount;
  private int used;
  private int live;

  private final IntDeque ready = new IntDeque();

  /** Those that have let all others go first. */
  private final IntDeque yielded = new IntDeque();

  private int current = IntDeque.NONE;

  ProcessScheduler(MicroProcess process) {
    this.process = process;
    ends = new ThreadLifecycle(process, this);
  }

  MicroProcess process() {
    return process;
  }

  // ---- the table

  void add(MicroThread thread) {
    if (thread.process != null) {
      throw new IllegalStateException(thread.label() + " is in a process already");
    }
    Routine runner = process.isStackful() ? thread.stackful() : thread;
    if (freeCount == 0 && used == table.length) {
      grow();
    }
    thread.process = process;
    thread.id = freeCount > 0 ? freeIds[--freeCount] : used++;
    thread.runner = runner;
    table[thread.id] = thread;
    live++;
  }

  /**
   * Makes room for twice as many threads wherever each has a place, so that nothing is allocated
   * when one is queued or ends. If there is no memory, all is as it was.
   */
  private void grow() {
    int length = table.length * 2;
    ready.reserve(length);
    yielded.reserve(length);
    int[] longerIds = Arrays.copyOf(freeIds, length);
    table = Arrays.copyOf(table, length);
    freeIds = longerIds;
  }

  private void remove(MicroThread thread) {
    table[thread.id] = null;
    int id = thread.id;
    thread.id = IntDeque.NONE; // or run would take it for the next that has this number
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
    if (current == IntDeque.NONE) {
      throw new IllegalStateException(verb + " must be called by a thread of the process");
    }
    return thread(current);
  }

  boolean isRunning() {
    return current != IntDeque.NONE;
  }

  /** The thread that is running, or null. Any thread, to look at. */
  @Nullable MicroThread running() {
    int id = current;
    @Nullable MicroThread[] threads = table;
    return id >= 0 && id < threads.length ? threads[id] : null;
  }

  // ---- the run queue

  void play(MicroThread thread) {
    if (thread.hasPendingStep) {
      thread.played = true;
      if (thread.isEnded()) {
        return;
      }
    }
    queue(thread);
  }

  void playFirst(MicroThread thread) {
    if (thread.hasPendingStep) {
      play(thread);
    } else if (!thread.queued) {
      queueFirst(thread);
    }
  }

  private void queueFirst(MicroThread thread) {
    ready.addFirst(thread.id);
    thread.queued = true; // afterwards, here and below: a stack that overflows loses no thread
  }

  /** Has {@code thread} run its lastly with this error when it is its turn. */
  void raiseAt(MicroThread thread, int code) {
    if (!thread.hasPendingStep) {
      thread.hasPendingStep = true;
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
      if (!thread.hasPendingStep) {
        thread.hasPendingStep = true;
        thread.played = true;
      }
    }
  }

  void queue(MicroThread thread) {
    if (!thread.queued) {
      ready.addLast(thread.id);
      thread.queued = true;
    }
  }

  /**
   * A scope of {@code thread}'s is over: its own words are told as the calls of fibers are. See
   * {@link #stepOvertaken}.
   */
  void scopeEnded(MicroThread thread) {
    if (thread.phase != Phase.BODY) {
      return;
    }
    thread.hasScopeEnded = true;
    if (!thread.hasPendingStep) {
      thread.hasPendingStep = true;
      thread.played = thread.queued;
    }
    queue(thread);
    process.driver.awake(process);
  }

  void yieldLast(MicroThread thread) {
    if (!thread.queued) {
      yielded.addLast(thread.id);
      thread.queued = true;
    }
  }

  boolean isIdle() {
    return ready.isEmpty();
  }

  boolean hasYielded() {
    return !yielded.isEmpty();
  }

  /** Lets those that have yielded run again. */
  void admitYielded() {
    for (int id; (id = yielded.poll()) != IntDeque.NONE; ) {
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
    int id = left > 0 ? ready.poll() : IntDeque.NONE;
    if (id != IntDeque.NONE) {
      MicroThread thread = thread(id);
      MicroThread other = thread;
      while (true) {
        thread.queued = false;
        if (thread.hasPendingStep) {
          stepAside(thread, context);
        } else if (!thread.expects() || thread.deliver(context)) {
          current = thread.id;
          thread.handoffTo = IntDeque.NONE;
          while (go(thread, thread.runner, context)
              && thread.status == ThreadControl.AT_ONCE
              && left > 1) {
            thread.status = ThreadControl.RUN;
            left--;
          }
        }
        if (--left == 0) {
          queueNext(thread);
          break;
        }
        id = thread.handoffTo;
        thread.handoffTo = ThreadControl.AWAY;
        if (id < 0) {
          id = ready.poll();
          if (id == IntDeque.NONE) {
            break;
          }
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
    current = IntDeque.NONE;
    return left;
  }

  void resume(MicroThread thread, Routine routine, Context context) {
    current = thread.id;
    thread.handoffTo = IntDeque.NONE;
    go(thread, routine, context);
    queueNext(thread);
  }

  /** Has what would be next, as {@code thread} has suspended, be the first in the queue. */
  private void queueNext(MicroThread thread) {
    if (thread.status == ThreadControl.AT_ONCE) {
      thread.status = ThreadControl.RUN;
      queueFirst(thread);
    }
    queueHandedOff(thread);
    thread.handoffTo = ThreadControl.AWAY;
  }

  /** Has the thread that {@code thread} hands control to be the first in the queue. */
  void queueHandedOff(MicroThread thread) {
    int id = thread.handoffTo;
    if (id >= 0) {
      ready.addFirst(id);
      thread.handoffTo = IntDeque.NONE;
    }
  }

  /** Runs a routine of {@code thread} until it suspends; returns whether it has. */
  private boolean go(MicroThread thread, Routine routine, Context context) {
    boolean suspended = false;
    Throwable failure = null;
    try {
      // Two calls, that the woven thread need not be loaded.
      suspended = routine == thread ? thread.go(context) : routine.go(context);
    } catch (Throwable e) {
      failure = e;
    }
    if (!suspended) {
      queueHandedOff(thread); // its end, or what follows, is before that
      ends.finished(thread, routine, failure, context);
    }
    return suspended;
  }

  /** Ends the wait that the thread which is running has begun, since it can't suspend. */
  void refused(Context context, Throwable why) {
    context.failure = why;
    MicroThread thread = running();
    MicroThreadStrand guest = thread == null ? null : thread.activeGuest();
    if (guest != null && guest.isWaiting()) {
      context.failure = null;
      guest.refuseToWait(why);
    } else if (thread != null) {
      process.forgetWaits(thread);
      thread.forgetAwaited();
    }
    if (thread != null) {
      thread.status = ThreadControl.RUN;
    }
  }

  /** A step of a thread that is not simply running its body. */
  private void stepAside(MicroThread thread, Context context) {
    if (thread.isEnded()) {
      remove(thread);
      return;
    }
    if (thread.cleanup == null) {
      if (ProcessTimers.takeLocalDeadline(thread) && thread.raisedAt == 0) {
        thread.raisedAt = Errno.ETIMEDOUT.code();
        thread.played = true;
      }
      int code = thread.raisedAt;
      thread.raisedAt = 0;
      if (thread.phase != Phase.BODY) {
        ends.stepUnwinding(thread, context); // nothing more happens to it
        return;
      }
      if (code == 0) {
        stepWithDeadline(thread, context);
        return;
      }
      if (thread.status() == MicroStatus.WAIT) {
        process.forgetWaits(thread);
        thread.played = true; // what waits looks again when it goes on
      }
      thread.bodyPlayed = thread.played || thread.expects();
      thread.bodyStatus = thread.status;
      ends.beginLastly(thread, Phase.RAISED, code);
    }
    Routine cleanup = thread.cleanup;
    if (cleanup != null && MicroThreadStrand.letGoOn(thread.activeGuest())) {
      resume(thread, cleanup, context);
    }
  }

  /** A step of a thread whose deadline has passed, or has to be looked at before each step. */
  private void stepWithDeadline(MicroThread thread, Context context) {
    if (thread.hasScopeEnded) {
      stepOvertaken(thread, context);
      return;
    }
    thread.hasPendingStep = false;
    if (!thread.expects() || thread.deliver(context)) {
      resume(thread, thread.runner, context);
    }
    if (thread.phase == Phase.BODY && thread.localDeadline != null) {
      thread.hasPendingStep = true;
    } else if (thread.phase == Phase.BODY && thread.isLate) {
      thread.isLate = false;
      late(thread);
    }
  }

  /**
   * A step of a thread one of whose scopes may be over. The calls of fibers throw by themselves
   * then; a word of its own is made to, unless it has been played before: then the next one.
   */
  private void stepOvertaken(MicroThread thread, Context context) {
    boolean inCall = thread.isInCall();
    RuntimeException refusal = inCall || thread.played ? null : refusal(thread);
    thread.hasScopeEnded = false;
    if (refusal != null) {
      process.forgetWaits(thread);
      thread.forgetAwaited();
      thread.hasPendingStep = thread.isStepAside();
      context.failure = refusal;
      resume(thread, thread.runner, context);
    } else if (inCall || thread.played) {
      stepWithDeadline(thread, context);
    } else {
      thread.hasPendingStep = thread.isStepAside(); // it has left the scope: it waits on
    }
    if (thread.phase == Phase.BODY && thread.guest != null && thread.guest.isRefused()) {
      thread.hasScopeEnded = true;
      if (!thread.hasPendingStep) {
        thread.hasPendingStep = true;
        thread.played = thread.queued;
      }
      if (!thread.isInCall()) {
        queue(thread);
      }
    }
  }

  private static @Nullable RuntimeException refusal(MicroThread thread) {
    MicroThreadStrand guest = thread.guest;
    return guest == null ? null : guest.refusal(thread.status().name(), "");
  }

  /** Has it run next, unless it is in the queue already. */
  void again(MicroThread thread) {
    if (!thread.queued) {
      queueFirst(thread);
    }
  }

  void ended(MicroThread thread) {
    live--;
    process.ended(thread);
    if (!thread.queued) {
      remove(thread);
    }
  }

  /** No thread runs any more, after a step from outside, or one that has failed. */
  void stopped() {
    MicroThread thread = running();
    if (thread != null && thread.handoffTo != ThreadControl.AWAY) {
      queueHandedOff(thread);
      thread.handoffTo = ThreadControl.AWAY;
    }
    current = IntDeque.NONE;
  }

  /** Names the threads that have not ended, not more than {@value #DESCRIBED_MAX} of them. */
  String describeLive() {
    StringBuilder text = new StringBuilder();
    int described = 0;
    for (int id = 0; id < used && described < DESCRIBED_MAX; id++) {
      MicroThread thread = table[id];
      if (thread != null && !thread.isEnded()) {
        text.append(text.isEmpty() ? "" : ", ").append(thread.label());
        text.append(' ').append(thread.status());
        described++;
      }
    }
    if (described < live) {
      text.append(" and ").append(live - described).append(" more");
    }
    return text.toString();
  }

  /** Has all that wait look whether what they wait for has come. */
  void lookAgain() {
    forEachLive(
        thread -> {
          if (thread.isListed || thread.expects()) {
            play(thread);
          }
        });
  }

  /** Whether any is in a call of fibers that has not ended. */
  boolean areInCalls() {
    for (int id = 0; id < used; id++) {
      MicroThread thread = table[id];
      if (thread != null && thread.isInCallStill()) {
        return true;
      }
    }
    return false;
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
