// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.Deadline;
import dev.weft.error.Errno;
import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.queue.IntDeque;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * State of a micro-thread for its scheduler. What most threads never need is in objects that are
 * created at the first use: the {@link Inbox}, the {@link ErrorState}, timers, connections.
 *
 * <p>Users have a {@link Routine}, the body, and this is a part of it, so that the scheduler knows
 * none of the public types. The part costs 1.0 ns of 6.4 ns per hand-off and 1.5 ns of 26 ns per
 * request (CPU time of {@code Micro.call} and {@code Micro.request}, woven).
 */
public final class ThreadControl {
  /** Value of {@link #handoffTo} while the thread does not run. */
  static final int AWAY = IntDeque.NONE - 1;

  /** The thread as users have it. */
  public final Routine body;

  private final ThreadCode code;

  /** The body, or the routine that runs it on a stack of its own. */
  public Routine runner;

  @Nullable ProcessControl process;

  /** Its number in the process, which run queue and wait lists store. */
  int id = IntDeque.NONE;

  /** A constant of {@link ThreadStatus}. An int needs no write barrier. */
  int status;

  /**
   * The thread that runs next, before the queue, because this running thread has played or called
   * it. Reading this field is cheaper than reading the queue, which takes a chain of loads.
   */
  int handoffTo = AWAY;

  /**
   * Whether it is in the run queue or the target of a handoff. It is queued once, however often it
   * was played.
   */
  boolean queued;

  /** Whether its next step is not its body: a cleanup, an error raised at it, or its end. */
  boolean hasPendingStep;

  /** Whether it was played since an error was raised at it. */
  boolean played;

  /** Whether it unwinds because it asked to end, not because of an error. */
  private boolean endsHere;

  Phase phase = Phase.BODY;

  /** Runs its lastly while the body is suspended or over; null while the body runs. */
  @Nullable Routine cleanup;

  /** The number of an error that was raised at it from outside; 0 if none. */
  int raisedAt;

  private @Nullable ErrorState errors;
  private @Nullable Inbox inbox;

  /** The last request whose answer the body has waited for. */
  private @Nullable Message awaited;

  /** How many blocks of the heap it owns. */
  public int blocks;

  // ---- the rings of its default socket
  @Nullable ByteRing rx;
  @Nullable ByteRing tx;

  /** The connections that it has opened; created by the first one. */
  @Nullable OutgoingConnections connections;

  // ---- its place in a ring's wait list; see RingWaits

  /** Whether it is in a wait list. It can be in one even if it has been played meanwhile. */
  boolean isListed;

  /** Whether it waits to write, not to read. */
  boolean waitsToWrite;

  /** The ring whose wait list it is in, or was in last. */
  @Nullable ByteRing waitsFor;

  int nextWaiting = IntDeque.NONE;
  int previousWaiting = IntDeque.NONE;

  // ---- deadlines; see ProcessTimers

  /** Timer that ends a sleep. */
  ProcessTimers.@Nullable ThreadTimer sleep;

  /** Timer of its deadline; created when it first sets one. */
  ProcessTimers.@Nullable ThreadTimer deadline;

  /** Its deadline in the local executor. */
  @Nullable Deadline localDeadline;

  /** Whether it waits for a timer, or for an event outside the process. */
  boolean waitsOutside;

  /** Whether its deadline passed while it was in the run queue. */
  boolean isLate;

  /** Whether its deadline passed while its lastly ran, in which it is not raised. */
  boolean isOverdueInLastly;

  // ---- fiber calls; see MicroThreadStrand

  /** The hosted strand of its body; created by its first fiber call. */
  @Nullable MicroThreadStrand strand;

  /** Whether it is to be unwound once its fiber call has ended. */
  boolean isToEnd;

  /** Whether an enclosing scope may have ended, to be checked at its current or next wait. */
  boolean hasScopeEnded;

  /**
   * Creates the state of a thread that belongs to no process yet.
   *
   * @param body the thread
   * @param code gives access to the user's methods of it
   */
  public ThreadControl(Routine body, ThreadCode code) {
    this.body = body;
    this.code = code;
    runner = body;
  }

  /** Its process; throws if it belongs to none yet. */
  public ProcessControl home() {
    ProcessControl found = process;
    if (found == null) {
      throw new IllegalStateException(label() + " belongs to no process yet");
    }
    return found;
  }

  /** Its name for logs and messages, even if the user's code for it fails. */
  public String label() {
    try {
      return String.valueOf(code.name(body));
    } catch (Throwable e) {
      return body.getClass().getSimpleName();
    }
  }

  /** A routine that runs its lastly. */
  Routine lastly() {
    return code.lastly(body);
  }

  /** How it last suspended, as users see it: the index of a constant of MicroStatus. */
  public int visibleStatus() {
    return ThreadStatus.visible(status);
  }

  String statusName() {
    return ThreadStatus.name(status);
  }

  /** Whether it is resumed only with a delivered value. */
  boolean expects() {
    return ThreadStatus.isForValue(status);
  }

  public boolean isEnded() {
    return status == ThreadStatus.END;
  }

  // ---- parts that are created at their first use

  public ErrorState errors() {
    ErrorState found = errors;
    if (found == null) {
      found = new ErrorState();
      errors = found;
    }
    return found;
  }

  /** The current error, 0 if there is none. */
  public int errno() {
    return errors == null ? 0 : errors.errno();
  }

  /** Whether {@code failure} was thrown by a lastly that a raise of the body has run. */
  boolean isOfLastly(Throwable failure) {
    return errors != null && errors.isOfLastly(failure);
  }

  Inbox inbox() {
    Inbox found = inbox;
    if (found == null) {
      found = new Inbox();
      inbox = found;
    }
    return found;
  }

  /** Whether its body has made a fiber call. */
  public boolean hasStrand() {
    return strand != null;
  }

  /** The strand of its lastly, if that makes fiber calls in place of the body. */
  @Nullable MicroThreadStrand cleanupStrand() {
    return errors == null ? null : errors.cleanupStrand;
  }

  public OutgoingConnections connections() {
    OutgoingConnections found = connections;
    if (found == null) {
      found = new OutgoingConnections(this);
      connections = found;
    }
    return found;
  }

  /** Sets the rings of its default socket. */
  public void socket(ByteRing input, ByteRing output) {
    rx = input;
    tx = output;
  }

  // ---- control; the methods that suspend are tail calls, so that woven code needs no frame

  /** Plays {@code thread}: it is queued, or runs next if nothing is queued. */
  public void play(ThreadControl thread) {
    ProcessScheduler threads = home().threads;
    checked(thread);
    if (!threads.isIdle() || !canHandOff(thread)) {
      threads.play(thread);
    }
  }

  /** Suspends this thread, outside the run queue, until another thread plays it. */
  public void pause() {
    requireRunning("pause");
    status = ThreadStatus.YIELD;
    park();
  }

  /** Passes control to {@code thread}; suspends until another thread plays this one. */
  public void call(ThreadControl thread) {
    handOffTo("call", checked(thread));
    status = ThreadStatus.YIELD;
    park();
  }

  /** Suspends this thread, and resumes it before all others. */
  public void runAgain() {
    if (isFirstWithoutQueue(this)) {
      status = ThreadStatus.AT_ONCE;
    } else {
      queueFirst("suspend", this);
      status = ThreadStatus.RUN;
    }
    park();
  }

  /** Suspends this thread until all others have run. */
  public void yieldToAll() {
    requireRunning("suspend");
    home().threads.yieldLast(this);
    status = ThreadStatus.YIELD;
    park();
  }

  /** Suspends this thread until another thread plays it, preferably with a message. */
  public void awaitPlay() {
    requireRunning("suspend");
    status = ThreadStatus.LISTEN;
    park();
  }

  /** Returns the exception that ends this thread, because it asked for that. */
  public ThreadExit exit() {
    endsHere = true;
    return new ThreadExit(label() + " ends");
  }

  boolean endsHere() {
    return endsHere;
  }

  /** Makes {@code thread} run next, before the queue. This thread is about to suspend. */
  private void handOffTo(String method, ThreadControl thread) {
    if (!canHandOff(thread)) {
      queueFirst(method, thread);
    }
  }

  private void queueFirst(String method, ThreadControl thread) {
    requireRunning(method);
    ProcessScheduler threads = home().threads;
    threads.queueHandedOff(this);
    threads.playFirst(thread);
  }

  /** Sets {@code thread} as the handoff target; returns false if it has to go through the queue. */
  private boolean canHandOff(ThreadControl thread) {
    if (!isFirstWithoutQueue(thread)) {
      return false;
    }
    thread.queued = true;
    handoffTo = thread.id;
    return true;
  }

  /** Whether {@code thread} can run next without going through the queue. */
  private boolean isFirstWithoutQueue(ThreadControl thread) {
    return !thread.queued && !thread.hasPendingStep && handoffTo == IntDeque.NONE;
  }

  /**
   * Checks that this thread itself makes a call that suspends: otherwise the calling thread would
   * be suspended instead.
   *
   * @throws IllegalStateException if this thread is not running
   */
  public void requireRunning(String method) {
    if (handoffTo == AWAY) {
      throw new IllegalStateException(
          method + " must be called by " + label() + " itself, which is not running");
    }
  }

  /** Checks that {@code thread} belongs to this thread's process. */
  public ThreadControl checked(ThreadControl thread) {
    if (thread.process != process) {
      throw new IllegalArgumentException(
          thread.label() + " is not a thread of the process of " + label());
    }
    return thread;
  }

  /** The only place where a micro-thread suspends. */
  public static void park() {
    Routine.suspend();
  }

  /** Marks the thread as waiting to be woken by its process. */
  void waits() {
    status = ThreadStatus.WAIT;
  }

  // ---- messages

  /**
   * Sends a request to {@code there}, which runs next, and marks this thread as waiting for the
   * answer. Returns false if the other thread has ended.
   */
  public boolean beginRequest(ThreadControl there, Message request, Object message) {
    requireRunning("request");
    Inbox its = Inbox.toSend(checked(there), request, message);
    if (its == null) {
      return false;
    }
    ErrorState inLastly = phase == Phase.BODY ? null : errors();
    handOffTo("request", there); // first, here and below: if the stack overflows, nothing was sent
    its.send(this, there, request, message, true);
    if (inLastly != null) {
      inLastly.awaited = request;
    } else {
      if (awaited != request) {
        awaited = request;
      }
      status = ThreadStatus.FOR_ANSWER;
    }
    return true;
  }

  /** Sends a message to {@code there}, which is played; returns false if it has ended. */
  public boolean send(ThreadControl there, Message request, Object message) {
    Inbox its = Inbox.toSend(checked(there), request, message);
    if (its == null) {
      return false;
    }
    play(there);
    its.send(this, there, request, message, false);
    return true;
  }

  /** Whether it runs its body, so that {@link #deliver} hands it what it waits for. */
  public boolean isInBody() {
    return phase == Phase.BODY;
  }

  /**
   * Waits for the answer to {@code request} in a lastly or a finally block that runs outside the
   * body; {@link #deliver} serves only the body.
   */
  public void awaitAnswer(Message request) {
    while (request.isAwaited()) {
      status = ThreadStatus.LISTEN;
      park();
    }
    errors().awaited = null;
  }

  /**
   * Stores what the thread waits for, before it is resumed. Returns false if that has not arrived
   * and the thread must not be resumed.
   */
  boolean deliver(Context context) {
    if (status == ThreadStatus.FOR_MESSAGE) {
      if (!hasMessage()) {
        return false;
      }
      context.result = takeMessage();
      return true;
    }
    if (status != ThreadStatus.FOR_ANSWER) {
      return MicroThreadStrand.prepareResume(strand);
    }
    Message request = awaited;
    if (request == null || request.isAwaited()) {
      return false;
    }
    context.result = request.isAnswered() ? request.payload() : null;
    return true;
  }

  public boolean hasMessage() {
    return inbox != null && !inbox.isEmpty();
  }

  /** Takes the oldest message; there must be one. */
  public Message takeMessage() {
    assert inbox != null : this;
    return inbox.dequeue();
  }

  /** Marks this thread, which runs its body and is about to park, as waiting for a message. */
  public void expectMessage() {
    status = ThreadStatus.FOR_MESSAGE;
  }

  /** Waits for a message outside the body. */
  public void awaitMessage() {
    while (!hasMessage()) {
      status = ThreadStatus.LISTEN;
      park();
    }
  }

  /** Answers a message; its sender is played. Returns false if the sender has ended. */
  public boolean respond(Message request, Object message) {
    ThreadControl asker = checked(request.sender());
    Inbox its = Inbox.toRespond(asker, request, message);
    if (its == null) {
      return false;
    }
    play(asker);
    its.respond(request, message);
    return true;
  }

  /** Forgets the request whose answer the body waits for. */
  void forgetAwaited() {
    awaited = null;
  }

  /** After the thread's end: ends the requests from it and to it. */
  void abandonRequests() {
    Inbox.withdraw(this, awaited);
    Inbox.withdraw(this, errors == null ? null : errors.awaited);
    if (inbox != null) {
      inbox.abandonRequests();
    }
  }

  /** Whether its body waits, or has waited last, for the answer to {@code request}. */
  boolean awaits(Message request) {
    return awaited == request;
  }

  /** The same for a lastly in place of the body. */
  boolean awaitsInLastly(Message request) {
    return errors != null && errors.awaited == request;
  }

  // ---- steps

  /** Whether its next step is more than resuming the body. */
  boolean hasPendingEvent() {
    return raisedAt != 0 || isLate || hasScopeEnded || localDeadline != null;
  }

  /** Whether no raise is running, nor a lastly. */
  public boolean isUndisturbed() {
    return cleanup == null && errors().isOutermost();
  }

  /** Whether it runs its lastly, or has ended, although its deadline has passed. */
  public boolean isOverdue() {
    return isOverdueInLastly || (phase != Phase.BODY && errno() == Errno.ETIMEDOUT.code());
  }

  @Override
  public String toString() {
    return label() + " " + statusName();
  }
}
