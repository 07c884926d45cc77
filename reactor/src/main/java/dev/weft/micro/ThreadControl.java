// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.queue.IntDeque;
import dev.weft.routine.Routine;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The part of a micro-thread that passes control: its place in the process and its log. */
abstract class ThreadControl extends Routine {
  static final int RUN = 0;
  private static final int YIELD = 1;
  private static final int LISTEN = 2;
  private static final int WAIT = 3;
  private static final int END = 5;

  /** RUN past the queue, before which the thread would be: it is to be resumed at once. */
  static final int AT_ONCE = 6;

  // Ways to wait in which a thread goes on only with what it waits for. They are behind all others,
  // that one comparison tells them.
  static final int FOR_MESSAGE = 7;
  static final int FOR_ANSWER = 8;

  /** In a call of fibers, which the thread's {@link MicroThreadStrand} knows. */
  static final int FOR_GUEST = 9;

  /** In place of {@link #handoffTo} while a thread does not run. */
  static final int AWAY = IntDeque.NONE - 1;

  private static final MicroStatus[] STATUSES = statuses();

  private static MicroStatus[] statuses() {
    MicroStatus[] statuses = Arrays.copyOf(MicroStatus.values(), FOR_GUEST + 1);
    statuses[AT_ONCE] = MicroStatus.RUN;
    statuses[FOR_MESSAGE] = MicroStatus.LISTEN;
    statuses[FOR_ANSWER] = MicroStatus.LISTEN;
    statuses[FOR_GUEST] = MicroStatus.WAIT;
    return statuses;
  }

  @Nullable MicroProcess process;

  /** Its number in the process, which the run queue and the waiting lists hold. */
  int id = IntDeque.NONE;

  /**
   * Whether it is in the run queue or handed over to: it is there once, however often it was
   * played.
   */
  boolean queued;

  /**
   * The thread that is before all in the queue, if this one, which runs, has played or called it: a
   * note here is found sooner than one in the queue, which is a chain of loads away.
   */
  int handoffTo = AWAY;

  /** Whether something else than its body is next: a cleanup, what was raised at it, its end. */
  boolean hasPendingStep;

  /** Whether somebody has played it since something was raised at it. */
  boolean played;

  // ---- its place in the list of the threads that wait for a ring; see ByteRing

  /** Whether it is in such a list, which it may be although it has been played meanwhile. */
  boolean isListed;

  /** Whether it waits to write there, not to read. */
  boolean waitsToWrite;

  /** The ring of the list that it is in, or was in last. */
  @Nullable ByteRing waitsFor;

  int nextWaiting = IntDeque.NONE;
  int previousWaiting = IntDeque.NONE;

  /** A {@link MicroStatus} by number, or one of those above: a store without a barrier. */
  int status;

  /** This, or what runs it on a stack of its own. */
  Routine runner = this;

  ThreadControl() {}

  final MicroThread self() {
    return (MicroThread) this; // its only subclass
  }

  /** The process that it is in, once it has been made a child, a responder or the main thread. */
  final MicroProcess home() {
    MicroProcess found = process;
    if (found == null) {
      throw new IllegalStateException(label() + " belongs to no process yet");
    }
    return found;
  }

  /**
   * What it is called in logs.
   *
   * @return the name of its class
   */
  public String name() {
    return getClass().getSimpleName();
  }

  /** Its name for logs and messages, even if {@link #name} fails. */
  final String label() {
    try {
      return String.valueOf(name());
    } catch (Throwable e) {
      return getClass().getSimpleName();
    }
  }

  /**
   * How it has suspended last, or END.
   *
   * @return RUN while it runs, and before
   */
  public final MicroStatus status() {
    return STATUSES[status];
  }

  final void status(MicroStatus next) {
    status = next.code;
  }

  /** Whether it goes on only with something that has to be delivered. */
  final boolean expects() {
    return status >= FOR_MESSAGE;
  }

  /**
   * Whether it is over.
   *
   * @return true once its {@code lastly} has returned
   */
  public final boolean isEnded() {
    return status == END;
  }

  /**
   * The process that this thread is in.
   *
   * @return its process
   */
  protected final MicroProcess process() {
    return home();
  }

  // ---- control

  /**
   * Puts {@code thread} into the run queue, behind all that are there. Played twice it is queued
   * once; an ended one is left alone.
   *
   * @param thread one of this process
   */
  protected final void play(MicroThread thread) {
    ProcessScheduler threads = home().threads;
    checked(thread);
    if (!threads.isIdle() || !canHandOff(thread)) {
      threads.play(thread);
    }
  }

  /** Suspends, off the run queue, until somebody plays this thread. */
  protected final void pause() {
    requireRunning("pause");
    status = YIELD;
    park();
  }

  /**
   * Passes control to {@code thread}: it runs next, and this one is off the queue until somebody
   * plays it. Suspends.
   *
   * @param thread one of this process
   */
  protected final void call(MicroThread thread) {
    handOffTo("call", checked(thread));
    status = YIELD;
    park();
  }

  /** Has {@code thread} run next, before all of the queue; this one is about to suspend. */
  final void handOffTo(String word, MicroThread thread) {
    if (!canHandOff(thread)) {
      queueFirst(word, thread);
    }
  }

  final void queueFirst(String word, MicroThread thread) {
    requireRunning(word);
    ProcessScheduler threads = home().threads;
    threads.queueHandedOff(self());
    threads.playFirst(thread);
  }

  /** Notes that {@code thread} is first; returns false if that is more than a note. */
  private boolean canHandOff(MicroThread thread) {
    if (!isFirstWithoutQueue(thread)) {
      return false;
    }
    thread.queued = true;
    handoffTo = thread.id;
    return true;
  }

  /** Whether a note is enough for {@code thread} to be before all in the queue. */
  final boolean isFirstWithoutQueue(ThreadControl thread) {
    return !thread.queued && !thread.hasPendingStep && handoffTo == IntDeque.NONE;
  }

  /**
   * Refuses a word that suspends if another thread says it in this one's name: it would be the
   * other that suspends.
   *
   * @throws IllegalStateException if so
   */
  final void requireRunning(String word) {
    if (handoffTo == AWAY) {
      throw new IllegalStateException(
          word + " is for " + label() + " itself to say, which is not running");
    }
  }

  /** Refuses {@code thread} if it is not of this one's process. */
  final MicroThread checked(MicroThread thread) {
    if (thread.process != process) {
      throw new IllegalArgumentException(
          thread.label() + " is not a thread of the process of " + label());
    }
    return thread;
  }

  /**
   * The one place where a micro-thread suspends. Nothing is done here after it has been resumed, so
   * that woven it needs no frame.
   */
  static void park() {
    Routine.suspend();
  }

  /** Begins to wait for the process to wake it. */
  final void waits() {
    status = WAIT;
  }

  /** Begins to wait for a message. */
  final void listens() {
    status = LISTEN;
  }

  // ---- log

  /**
   * Whether {@code dbg}, {@code dbgf} and {@code dbgPerror} of this thread write.
   *
   * @return unless overridden, whether the system property {@code dev.weft.micro.debug} is true
   */
  protected boolean isDebugging() {
    return ThreadLog.DEBUG;
  }

  /**
   * Logs a line.
   *
   * @param message without the end of the line
   */
  protected final void log(String message) {
    ThreadLog.line(self(), message + "\n");
  }

  /**
   * Logs formatted text.
   *
   * @param format as of {@link String#format}, with the end of the line if there is to be one
   * @param arguments for it
   */
  protected final void logf(String format, Object... arguments) {
    ThreadLog.line(self(), String.format(java.util.Locale.ROOT, format, arguments));
  }

  /**
   * Logs a line if this thread is debugging.
   *
   * @param message without the end of the line
   */
  protected final void dbg(String message) {
    if (isDebugging()) {
      log(message);
    }
  }

  /**
   * Logs formatted text if this thread is debugging.
   *
   * @param format as of {@link String#format}, with the end of the line if there is to be one
   * @param arguments for it
   */
  protected final void dbgf(String format, Object... arguments) {
    if (isDebugging()) {
      logf(format, arguments);
    }
  }

  @Override
  public String toString() {
    return label() + " " + status();
  }
}
