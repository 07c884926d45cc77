// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.error.Errno;
import dev.weft.internal.queue.IntDeque;
import dev.weft.internal.queue.SlotAllocator;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Scheduler of one process: its thread table and run queue. A step resumes one thread until it
 * suspends. If it returns or throws instead, {@link ThreadLifecycle} decides what follows.
 */
public final class ProcessScheduler {
  private final ProcessControl process;
  final ThreadLifecycle ends;
  private static final int INITIAL_LENGTH = 8;

  /** The most threads that a report names. */
  private static final int DESCRIBED_MAX = 100;

  private @Nullable ThreadControl[] table = new @Nullable ThreadControl[INITIAL_LENGTH];

  private final SlotAllocator ids = new SlotAllocator(INITIAL_LENGTH);

  /** How many threads have not ended. Some that have ended are still in the table. */
  private int live;

  private final IntDeque ready = new IntDeque();

  /** Threads that have yielded to all others. */
  private final IntDeque yielded = new IntDeque();

  private int current = IntDeque.NONE;

  ProcessScheduler(ProcessControl process) {
    this.process = process;
    ends = new ThreadLifecycle(process, this);
  }

  ProcessControl process() {
    return process;
  }

  // ---- the table

  void add(ThreadControl thread) {
    if (thread.process != null) {
      throw new IllegalStateException(thread.label() + " is in a process already");
    }
    Routine runner = process.isStackful() ? thread.body.stackful() : thread.body;
    if (ids.isFull()) {
      grow();
    }
    thread.process = process;
    thread.id = ids.take();
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
    @Nullable ThreadControl[] larger = Arrays.copyOf(table, length);
    ids.grow(length);
    table = larger;
  }

  private void remove(ThreadControl thread) {
    table[thread.id] = null;
    int id = thread.id;
    thread.id = IntDeque.NONE; // or run would confuse it with the next thread of this number
    ids.free(id);
  }

  public int live() {
    return live;
  }

  ThreadControl thread(int id) {
    ThreadControl thread = table[id];
    assert thread != null : id;
    return thread;
  }

  /** The running thread. */
  public ThreadControl current(String verb) {
    if (current == IntDeque.NONE) {
      throw new IllegalStateException(verb + " must be called by a thread of the process");
    }
    return thread(current);
  }

  boolean isRunning() {
    return current != IntDeque.NONE;
  }

  /** The running thread, or null. May be called from any thread; the result can be stale. */
  @Nullable ThreadControl running() {
    int id = current;
    @Nullable ThreadControl[] threads = table;
    return id >= 0 && id < threads.length ? threads[id] : null;
  }

  // ---- the run queue

  void play(ThreadControl thread) {
    if (thread.hasPendingStep) {
      thread.played = true;
      if (thread.isEnded()) {
        return;
      }
    }
    queue(thread);
  }

  void playFirst(ThreadControl thread) {
    if (thread.hasPendingStep) {
      play(thread);
    } else if (!thread.queued) {
      queueFirst(thread);
    }
  }

  private void queueFirst(ThreadControl thread) {
    ready.addFirst(thread.id);
    thread.queued = true; // afterwards, here and below, so that a stack overflow loses no thread
  }

  /** Makes {@code thread} run its lastly with this error when it is next scheduled. */
  public void raiseAt(ThreadControl thread, int code) {
    if (!thread.hasPendingStep) {
      thread.hasPendingStep = true;
      thread.played = thread.queued;
    }
    thread.raisedAt = code;
    queue(thread);
  }

  /** Handles that the deadline of {@code thread} has passed. */
  void late(ThreadControl thread) {
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

  void queue(ThreadControl thread) {
    if (!thread.queued) {
      ready.addLast(thread.id);
      thread.queued = true;
    }
  }

  /**
   * Handles that a scope of {@code thread} has ended: its pending micro-thread call throws, as a
   * fiber's would. See {@link #stepScopeEnded}.
   */
  void scopeEnded(ThreadControl thread) {
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

  void yieldLast(ThreadControl thread) {
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
      ThreadControl thread = thread(id);
      ThreadControl other = thread;
      while (true) {
        thread.queued = false;
        if (thread.hasPendingStep) {
          stepPending(thread, context);
        } else if (!thread.expects() || thread.deliver(context)) {
          current = thread.id;
          thread.handoffTo = IntDeque.NONE;
          while (go(thread, thread.runner, context)
              && thread.status == ThreadStatus.AT_ONCE
              && left > 1) {
            thread.status = ThreadStatus.RUN;
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
          ThreadControl before = thread;
          thread = id == other.id ? other : thread(id);
          other = before;
        }
      }
    }
    current = IntDeque.NONE;
    return left;
  }

  void resume(ThreadControl thread, Routine routine, Context context) {
    current = thread.id;
    thread.handoffTo = IntDeque.NONE;
    go(thread, routine, context);
    queueNext(thread);
  }

  /** Puts what would run next, now that {@code thread} has suspended, at the head of the queue. */
  private void queueNext(ThreadControl thread) {
    if (thread.status == ThreadStatus.AT_ONCE) {
      thread.status = ThreadStatus.RUN;
      queueFirst(thread);
    }
    queueHandedOff(thread);
    thread.handoffTo = ThreadControl.AWAY;
  }

  /** Puts the handoff target of {@code thread} at the head of the queue. */
  void queueHandedOff(ThreadControl thread) {
    int id = thread.handoffTo;
    if (id >= 0) {
      ready.addFirst(id);
      thread.handoffTo = IntDeque.NONE;
    }
  }

  /**
   * Runs a routine of {@code thread} until it suspends or ends; returns whether it has suspended.
   */
  private boolean go(ThreadControl thread, Routine routine, Context context) {
    boolean suspended = false;
    Throwable failure = null;
    try {
      suspended = routine.go(context);
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
    ThreadControl thread = running();
    MicroThreadStrand strand = thread == null ? null : MicroThreadStrand.active(thread);
    if (strand != null && strand.isWaiting()) {
      context.failure = null;
      strand.refuseToWait(why);
    } else if (thread != null) {
      process.forgetWaits(thread);
      thread.forgetAwaited();
    }
    if (thread != null) {
      thread.status = ThreadStatus.RUN;
    }
  }

  /** Runs a step of a thread that does more than resume its body. */
  private void stepPending(ThreadControl thread, Context context) {
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
      if ((thread.status == ThreadStatus.WAIT || thread.status == ThreadStatus.FOR_FIBER_CALL)) {
        process.forgetWaits(thread);
        thread.played = true; // a resumed wait checks its condition again
      }
      ErrorState errors = thread.errors();
      errors.bodyPlayed = thread.played || thread.expects();
      errors.bodyStatus = thread.status;
      ends.beginLastly(thread, Phase.RAISED, code);
    }
    Routine cleanup = thread.cleanup;
    if (cleanup != null && MicroThreadStrand.prepareResume(MicroThreadStrand.active(thread))) {
      resume(thread, cleanup, context);
    }
  }

  /** Runs a step of a thread whose deadline has passed, or has to be checked before each step. */
  private void stepWithDeadline(ThreadControl thread, Context context) {
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
  private void stepScopeEnded(ThreadControl thread, Context context) {
    boolean inCall = MicroThreadStrand.isInCall(thread);
    RuntimeException refusal = inCall || thread.played ? null : refusal(thread);
    thread.hasScopeEnded = false;
    if (refusal != null) {
      process.forgetWaits(thread);
      thread.forgetAwaited();
      thread.hasPendingStep = thread.hasPendingEvent();
      context.failure = refusal;
      resume(thread, thread.runner, context);
    } else if (inCall || thread.played) {
      stepWithDeadline(thread, context);
    } else {
      thread.hasPendingStep =
          thread.hasPendingEvent(); // it has left the scope, and continues to wait
    }
    if (thread.phase == Phase.BODY && thread.strand != null && thread.strand.isRefused()) {
      thread.hasScopeEnded = true;
      if (!thread.hasPendingStep) {
        thread.hasPendingStep = true;
        thread.played = thread.queued;
      }
      if (!MicroThreadStrand.isInCall(thread)) {
        queue(thread);
      }
    }
  }

  private static @Nullable RuntimeException refusal(ThreadControl thread) {
    MicroThreadStrand strand = thread.strand;
    return strand == null ? null : strand.refusal(thread.statusName(), "");
  }

  /** Makes it run next, unless it is queued already. */
  void again(ThreadControl thread) {
    if (!thread.queued) {
      queueFirst(thread);
    }
  }

  void ended(ThreadControl thread) {
    live--;
    process.ended(thread);
    if (!thread.queued) {
      remove(thread);
    }
  }

  /** Resets the running thread, after a step from outside the run loop or a failed one. */
  void resetRunning() {
    ThreadControl thread = running();
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
    for (int id = 0; id < ids.used() && described < DESCRIBED_MAX; id++) {
      ThreadControl thread = table[id];
      if (thread != null && !thread.isEnded()) {
        text.append(text.isEmpty() ? "" : ", ").append(thread.label());
        text.append(' ').append(thread.statusName());
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
    for (int id = 0; id < ids.used(); id++) {
      ThreadControl thread = table[id];
      if (thread != null && MicroThreadStrand.isInCallStill(thread)) {
        return true;
      }
    }
    return false;
  }

  /** Calls {@code action} with each thread that has not ended. */
  void forEachLive(java.util.function.Consumer<ThreadControl> action) {
    for (int id = 0; id < ids.used(); id++) {
      ThreadControl thread = table[id];
      if (thread != null && !thread.isEnded()) {
        action.accept(thread);
      }
    }
  }
}
