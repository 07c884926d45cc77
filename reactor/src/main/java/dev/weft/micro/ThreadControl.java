// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import dev.weft.internal.micro.io.ByteRing;
import dev.weft.internal.queue.IntDeque;
import dev.weft.routine.Routine;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The part of a micro-thread that deals with scheduling and logging. */
abstract class ThreadControl extends Routine {
  static final int RUN = 0;
  private static final int YIELD = 1;
  private static final int LISTEN = 2;
  private static final int WAIT = 3;
  private static final int END = 5;

  /** Like RUN, but bypasses the run queue: the thread is resumed at once. */
  static final int AT_ONCE = 6;

  // States in which a thread is resumed only with the value that it waits for. They come last, so
  // that one comparison recognises them.
  static final int FOR_MESSAGE = 7;
  static final int FOR_ANSWER = 8;

  /** In a fiber call, whose state is in the thread's {@link MicroThreadStrand}. */
  static final int FOR_GUEST = 9;

  /** Value of {@link #handoffTo} while the thread does not run. */
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

  /** Its number in the process, which run queue and wait lists store. */
  int id = IntDeque.NONE;

  /**
   * Whether it is in the run queue or the target of a handoff. It is queued once, however often it
   * was played.
   */
  boolean queued;

  /**
   * The thread that runs next, before the queue, because this running thread has played or called
   * it. Reading this field is cheaper than reading the queue, which takes a chain of loads.
   */
  int handoffTo = AWAY;

  /** Whether its next step is not its body: a cleanup, an error raised at it, or its end. */
  boolean hasPendingStep;

  /** Whether it was played since an error was raised at it. */
  boolean played;

  // ---- its place in a ring's wait list; see RingWaits

  /** Whether it is in a wait list. It can be in one even if it has been played meanwhile. */
  boolean isListed;

  /** Whether it waits to write, not to read. */
  boolean waitsToWrite;

  /** The ring whose wait list it is in, or was in last. */
  @Nullable ByteRing waitsFor;

  int nextWaiting = IntDeque.NONE;
  int previousWaiting = IntDeque.NONE;

  /** The code of a {@link MicroStatus}, or a constant from above. An int needs no write barrier. */
  int status;

  /** This thread, or the routine that runs it on a stack of its own. */
  Routine runner = this;

  ThreadControl() {}

  final MicroThread self() {
    return (MicroThread) this; // its only subclass
  }

  /** Its process; throws if it belongs to none yet. */
  final MicroProcess home() {
    MicroProcess found = process;
    if (found == null) {
      throw new IllegalStateException(label() + " belongs to no process yet");
    }
    return found;
  }

  /** {@return its name in logs; unless overridden, the simple name of its class} */
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

  /** {@return how it last suspended, or END; RUN while it runs and before it has run} */
  public final MicroStatus status() {
    return STATUSES[status];
  }

  final void status(MicroStatus next) {
    status = next.code;
  }

  /** Whether it is resumed only with a delivered value. */
  final boolean expects() {
    return status >= FOR_MESSAGE;
  }

  /** {@return whether it has ended: its {@code lastly} has returned} */
  public final boolean isEnded() {
    return status == END;
  }

  /**
   * {@return the process that this thread belongs to}
   *
   * @throws IllegalStateException if it belongs to none yet
   */
  protected final MicroProcess process() {
    return home();
  }

  // ---- control

  /**
   * Appends {@code thread} to the run queue. A thread that is queued already is not queued again;
   * playing an ended thread has no effect.
   *
   * @param thread a thread of this process
   */
  protected final void play(MicroThread thread) {
    ProcessScheduler threads = home().threads;
    checked(thread);
    if (!threads.isIdle() || !canHandOff(thread)) {
      threads.play(thread);
    }
  }

  /** Suspends this thread, outside the run queue, until another thread plays it. */
  protected final void pause() {
    requireRunning("pause");
    status = YIELD;
    park();
  }

  /**
   * Passes control to {@code thread}: it runs next, and this thread is suspended until another
   * thread plays it. Suspends.
   *
   * @param thread a thread of this process
   */
  protected final void call(MicroThread thread) {
    handOffTo("call", checked(thread));
    status = YIELD;
    park();
  }

  /** Makes {@code thread} run next, before the queue. This thread is about to suspend. */
  final void handOffTo(String method, MicroThread thread) {
    if (!canHandOff(thread)) {
      queueFirst(method, thread);
    }
  }

  final void queueFirst(String method, MicroThread thread) {
    requireRunning(method);
    ProcessScheduler threads = home().threads;
    threads.queueHandedOff(self());
    threads.playFirst(thread);
  }

  /** Sets {@code thread} as the handoff target; returns false if it has to go through the queue. */
  private boolean canHandOff(MicroThread thread) {
    if (!isFirstWithoutQueue(thread)) {
      return false;
    }
    thread.queued = true;
    handoffTo = thread.id;
    return true;
  }

  /** Whether {@code thread} can run next without going through the queue. */
  final boolean isFirstWithoutQueue(ThreadControl thread) {
    return !thread.queued && !thread.hasPendingStep && handoffTo == IntDeque.NONE;
  }

  /**
   * Checks that this thread itself makes a call that suspends: otherwise the calling thread would
   * be suspended instead.
   *
   * @throws IllegalStateException if this thread is not running
   */
  final void requireRunning(String method) {
    if (handoffTo == AWAY) {
      throw new IllegalStateException(
          method + " is for " + label() + " itself to say, which is not running");
    }
  }

  /** Checks that {@code thread} belongs to this thread's process. */
  final MicroThread checked(MicroThread thread) {
    if (thread.process != process) {
      throw new IllegalArgumentException(
          thread.label() + " is not a thread of the process of " + label());
    }
    return thread;
  }

  /**
   * The only place where a micro-thread suspends. It is a tail call, so woven code needs no frame
   * for it.
   */
  static void park() {
    Routine.suspend();
  }

  /** Marks the thread as waiting to be woken by its process. */
  final void waits() {
    status = WAIT;
  }

  /** Marks the thread as waiting for a message. */
  final void listens() {
    status = LISTEN;
  }

  // ---- log

  /**
   * {@return whether {@code dbg}, {@code dbgf} and {@code dbgPerror} of this thread write; unless
   * overridden, whether the system property {@code dev.weft.micro.debug} is true}
   */
  protected boolean isDebugging() {
    return ThreadLog.DEBUG;
  }

  /**
   * Logs a line.
   *
   * @param message the line, without its newline
   */
  protected final void log(String message) {
    ThreadLog.line(self(), message + "\n");
  }

  /**
   * Logs formatted text.
   *
   * @param format a format string of {@link String#format}; no newline is added
   * @param arguments the format's arguments
   */
  protected final void logf(String format, Object... arguments) {
    ThreadLog.line(self(), String.format(java.util.Locale.ROOT, format, arguments));
  }

  /**
   * Logs a line if this thread is debugging.
   *
   * @param message the line, without its newline
   */
  protected final void dbg(String message) {
    if (isDebugging()) {
      log(message);
    }
  }

  /**
   * Logs formatted text if this thread is debugging.
   *
   * @param format a format string of {@link String#format}; no newline is added
   * @param arguments the format's arguments
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
