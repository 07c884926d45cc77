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
 * Scheduler of one process: its thread table and run queue. A step resumes one thread until it
 * suspends. If it returns or throws instead, {@link ThreadLifecycle} decides what follows.
 */
final class ProcessScheduler {
  private final MicroProcess process;
  final ThreadLifecycle ends;
  private static final int INITIAL_LENGTH = 8;

  /** The most threads that a report names. */
  private static final int DESCRIBED_MAX = 100;

  private @Nullable MicroThread[] table = new @Nullable MicroThread[INITIAL_LENGTH];

  /** Stack of free ids; as long as the table. */
  private int[] freeIds = new int[INITIAL_LENGTH];

  private int freeCount;
  private int used;
  private int live;

  private final IntDeque ready = new IntDeque();

  /** Threads that have yielded to all others. */
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
   * Doubles the table and all queues, so that queueing or ending a thread allocates nothing. If
   * memory is short, nothing changes.
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
    thread.id = IntDeque.NONE; // or run would confuse it with the next thread of this number
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

  /** The running thread. */
  MicroThread current(String verb) {
    if (current == IntDeque.NONE) {
      throw new IllegalStateException(verb + " must be called by a thread of the process");
    }
    return thread(current);
  }

  boolean isRunning() {
    return current != IntDeque.NONE;
  }

  /** The running thread, or null. May be called from any thread; the result can be stale. */
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
    thread.queued = true; // afterwards, here and below, so that a stack overflow loses no thread
  }

  /** Makes {@code thread} run its lastly with this error when it is next scheduled. */
  void raiseAt(MicroThread thread, int code) {
    if (!thread.hasPendingStep) {
      thread.hasPendingStep = true;
      thread.played = thread.queued;
    }
    thread.raisedAt = code;
    queue(thread);
  }

  /** Handles that the deadline of {@code thread} has passed. */
  void late(MicroThread thread) {
    if (thread.phase == Phase.RAISED || thread.phase == Phase.FAULTED) {
      thread.raisedAt = Errno.ETIMEDOUT.code(); // raised after its lastly, which is not interrupted
    } else if (thread.phase == Phase.BODY && !thread.queued) {
      raiseAt(thread, Errno.ETIMEDOUT.code());
    } else if (thread.phase == Phase.BODY) {
      thread.isLate = true; // its wait was satisfied first: raised at its next wait
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
   * Handles that a scope of {@code thread} has ended: its pending micro-thread call throws, as a
   * fiber's would. See {@link #stepScopeEnded}.
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
    process.ready();
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

  /** Queues the threads that have yielded. */
  void admitYielded() {
    for (int id; (id = yielded.poll()) != IntDeque.NONE; ) {
      ready.addLast(id);
    }
  }

  // ---- steps

  /**
   * Resumes threads until none can run.
   *
   * @param budget the most resumes
   * @return the rest of the budget
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
        // Most often it is the same thread, or its caller before it. Then the processor can predict
        // the thread without waiting for the load of what this thread has stored.
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

  /** Puts what would run next, now that {@code thread} has suspended, at the head of the queue. */
  private void queueNext(MicroThread thread) {
    if (thread.status == ThreadControl.AT_ONCE) {
      thread.status = ThreadControl.RUN;
      queueFirst(thread);
    }
    queueHandedOff(thread);
    thread.handoffTo = ThreadControl.AWAY;
  }

  /** Puts the handoff target of {@code thread} at the head of the queue. */
  void queueHandedOff(MicroThread thread) {
    int id = thread.handoffTo;
    if (id >= 0) {
      ready.addFirst(id);
      thread.handoffTo = IntDeque.NONE;
    }
  }

  /**
   * Runs a routine of {@code thread} until it suspends or ends; returns whether it has suspended.
   */
  private boolean go(MicroThread thread, Routine routine, Context context) {
    boolean suspended = false;
    Throwable failure = null;
    try {
      // Two calls, so that the usual one does not depend on the load of thread.runner.
      suspended = routine == thread ? thread.go(context) : routine.go(context);
    } catch (Throwable e) {
      failure = e;
    }
    if (!suspended) {
      queueHandedOff(thread); // queued first, so that the thread's own next step precedes it
      ends.finished(thread, routine, failure, context);
    }
    return suspended;
  }

  /** Ends the wait that the running thread has begun, because it can't suspend. */
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

  /** Runs a step of a thread that does more than resume its body. */
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
        ends.stepUnwinding(thread, context); // it only unwinds now
        return;
      }
      if (code == 0) {
        stepWithDeadline(thread, context);
        return;
      }
      if (thread.status() == MicroStatus.WAIT) {
        process.forgetWaits(thread);
        thread.played = true; // a resumed wait checks its condition again
      }
      thread.bodyPlayed = thread.played || thread.expects();
      thread.bodyStatus = thread.status;
      ends.beginLastly(thread, Phase.RAISED, code);
    }
    Routine cleanup = thread.cleanup;
    if (cleanup != null && MicroThreadStrand.prepareResume(thread.activeGuest())) {
      resume(thread, cleanup, context);
    }
  }

  /** Runs a step of a thread whose deadline has passed, or has to be checked before each step. */
  private void stepWithDeadline(MicroThread thread, Context context) {
    if (thread.hasScopeEnded) {
      stepScopeEnded(thread, context);
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
   * Runs a step of a thread one of whose scopes may have ended. A fiber call throws by itself then.
   * A micro-thread call is made to throw, unless the thread has been played before: then the next
   * call throws.
   */
  private void stepScopeEnded(MicroThread thread, Context context) {
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
      thread.hasPendingStep = thread.isStepAside(); // it has left the scope, and continues to wait
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

  /** Makes it run next, unless it is queued already. */
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

  /** Resets the running thread, after a step from outside the run loop or a failed one. */
  void resetRunning() {
    MicroThread thread = running();
    if (thread != null && thread.handoffTo != ThreadControl.AWAY) {
      queueHandedOff(thread);
      thread.handoffTo = ThreadControl.AWAY;
    }
    current = IntDeque.NONE;
  }

  /** Names the threads that have not ended, at most {@value #DESCRIBED_MAX} of them. */
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

  /** Plays all waiting threads, so that they check their conditions again. */
  void playWaiting() {
    forEachLive(
        thread -> {
          if (thread.isListed || thread.expects()) {
            play(thread);
          }
        });
  }

  /** Whether a thread is in a fiber call that has not ended. */
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
