// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.queue.InboundQueue;
import dev.weft.internal.strand.Strand.Body;
import dev.weft.internal.strand.Strand.State;
import dev.weft.routine.codegen.Context;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of a strand that the loop drives: it is run until it suspends, and resumed later.
 *
 * <p>
 *
 * {@snippet :
 *   NEW -> READY <-> RUNNING -> ENDED
 *            ^         |-> PARKED     in a call of ours, until the loop makes it ready
 *            |         |-> YIELDING   to the end of the run queue
 *            |         \-> ABROAD     in a lock, a sleep or another blocking call of the JDK
 *            \-----------/
 * }
 *
 * All fields belong to the reactor's thread, or to the strand while it runs, which is the same
 * turn.
 */
public abstract class Schedulable extends InboundQueue.Node {
  public final EventLoop loop;
  private final Body body;
  public State state = State.NEW;

  /** What ends the wait of a stackless strand, if {@link #settles}; else what ended the last. */
  private WaitCompletion ending = WaitCompletion.NONE;

  private boolean settles;

  /** What the JVM has thrown in place of suspending its thread, until {@link #notSuspended}. */
  private @Nullable Throwable suspensionFailure;

  /** What it runs that waits by itself, or null. */
  @Nullable StrandHost host;

  /** Whether it is in the run queue by its own wish, behind all that were there. */
  boolean hasYielded;

  /** Its number in the loop's table. */
  public int slot = StrandTable.UNLISTED;

  /** What it holds and has to give back, newest first. */
  @Nullable HeldResource possessions;

  Schedulable(EventLoop loop, Body body) {
    this.loop = loop;
    this.body = body;
  }

  /** The strand that the loop runs on the calling thread, or null; see {@link Strand#current}. */
  static @Nullable Strand carrier() {
    Thread thread = Thread.currentThread();
    if (!thread.isVirtual()) {
      return StrandTable.stacklessOn(thread);
    }
    Strand strand = VirtualThreadStrand.on(thread);
    return strand != null ? strand : BatonStrand.onCurrentThread();
  }

  /** The strand that the loop runs when this one's code is running. */
  Strand runsIn() {
    return (Strand) this; // its only subclass
  }

  /** Has {@code host}, which this strand runs, tell which of its guests is running. */
  public final void host(@Nullable StrandHost host) {
    this.host = host;
  }

  /** Who is running now, for people. Any thread, to look at. */
  public final String runningName() {
    StrandHost mine = host;
    String name = mine == null ? null : mine.runningName();
    return name == null ? body.toString() : name;
  }

  /** The thread that the strand's code runs on. */
  public abstract Thread thread();

  /** Whether it runs woven code on the reactor's own thread. */
  public boolean isStackless() {
    return false;
  }

  /** Where its code is, innermost frame first. */
  public StackTraceElement[] stackTrace() {
    return thread().getStackTrace();
  }

  /** Ends the JDK's blocking calls in it, the present one or the next. */
  void interruptThread() {
    thread().interrupt();
  }

  /** Takes {@link #interruptThread} back; called by the strand itself. */
  void clearInterrupt() {
    Thread.interrupted();
  }

  /** Why {@link #park} could not suspend. */
  String whyPinned() {
    return "can't be suspended below a class initialiser or a native frame";
  }

  public final Body body() {
    return body;
  }

  public final State state() {
    return state;
  }

  /**
   * Suspends until the loop resumes this strand, which has a stack.
   *
   * @param as where the strand stands meanwhile
   * @return false if it could not be suspended, because its thread is pinned or the JVM has no
   *     memory for its frames: then the wait is to be ended without, and {@link #notSuspended} says
   *     why
   */
  private boolean suspend(State as) {
    state = as;
    try {
      switchOut();
    } catch (Throwable e) {
      suspensionFailure = e;
    }
    if (state == State.RUNNING) {
      return true;
    }
    state = State.RUNNING;
    return false;
  }

  /** Forgets why the strand could not be suspended: what it waited for has come all the same. */
  final void forgetSuspension() {
    suspensionFailure = null;
  }

  /**
   * What a wait throws that could not suspend, and whose bookkeeping has been undone. Throws it
   * itself if it is the JVM's.
   */
  final RuntimeException notSuspended(String verb, Object subject) {
    Throwable failure = suspensionFailure;
    suspensionFailure = null;
    return switch (failure) {
      case null -> pinned(verb, subject);
      case Error error -> throw error;
      case RuntimeException exception -> exception;
      default -> throw new AssertionError("switchOut throws nothing checked", failure);
    };
  }

  // ---- all that is written twice in the library, for code that has a stack and for woven code:
  // whatever calls it, however far up, is woven from that. It is the last thing that its callers
  // do, so that none of them takes a frame.

  /** Waits until the loop resumes this strand, and ends the wait. */
  final void park(WaitCompletion ending) {
    parkForResult(ending);
  }

  /** The twin of {@link #park(WaitCompletion)}. */
  final void park(WaitCompletion ending, Context context) {
    if (isOwn(context, State.PARKED)) {
      leave(ending, context);
    } else {
      park(ending);
    }
  }

  /** As {@link #park(WaitCompletion)}; returns what {@code ending} makes. */
  final @Nullable Object parkForResult(WaitCompletion ending) {
    return ending.resultOf((Strand) this, suspend(State.PARKED));
  }

  /** The twin of {@link #parkForResult(WaitCompletion)}. */
  final @Nullable Object parkForResult(WaitCompletion ending, Context context) {
    if (isOwn(context, State.PARKED)) {
      leave(ending, context);
      return null;
    }
    return parkForResult(ending);
  }

  /** As {@link #park(WaitCompletion)}; returns what {@code ending} makes. */
  final int parkForInt(WaitCompletion.OfInt ending) {
    return ending.number((Strand) this, suspend(State.PARKED));
  }

  /** The twin of {@link #parkForInt(Ending.OfInt)}. */
  final int parkForInt(WaitCompletion.OfInt ending, Context context) {
    if (isOwn(context, State.PARKED)) {
      leave(ending, context);
      return 0;
    }
    return parkForInt(ending);
  }

  /** Suspends until the loop has resumed all that can run. */
  final void yieldOut() {
    if (!suspend(State.YIELDING)) {
      throw notSuspended("yield", "");
    }
  }

  /** The twin of {@link #yieldOut()}. */
  final void yieldOut(Context context) {
    if (isOwn(context, State.YIELDING)) {
      state = State.YIELDING;
      context.suspended = true;
    } else {
      yieldOut();
    }
  }

  /**
   * Whether {@code context} is what this strand is run with. If not, the woven code is of a routine
   * that the strand resumes by itself: it is the strand that has to wait, with all that it is
   * doing.
   */
  private boolean isOwn(Context context, State as) {
    assert context != loop.context() || isStackless() : this;
    return context == loop.context() || isHostContext(context, as);
  }

  /** Whether its host runs it with {@code context}, with which it is about to suspend then. */
  boolean isHostContext(Context context, State as) {
    return false;
  }

  private void leave(WaitCompletion ending, Context context) {
    state = State.PARKED;
    if (this.ending != ending) {
      this.ending = ending;
    }
    settles = true;
    context.suspended = true;
  }

  /** Gives what the wait has come to, if there was one, to the woven code that is to go on. */
  final void deliverResult(Context context) {
    if (settles) {
      settles = false;
      try {
        ending.deliver((Strand) this, context, true);
      } catch (Throwable e) {
        context.failure = e;
        addPlaces(e);
      }
    }
  }

  /** Ends the wait that the stackless strand of the calling thread has begun with its loop's. */
  static void refused(Context context, Throwable why) {
    Strand strand = carrier();
    if (strand == null) {
      throw new AssertionError("no strand has suspended", why);
    }
    strand.refuse(context, why);
  }

  /**
   * Ends the wait that woven code of this strand has begun, since it can't suspend: as if its
   * thread could not. What it comes to is given to the code, which goes on.
   */
  final void refuse(Context context, Throwable why) {
    state = State.RUNNING;
    if (settles) {
      settles = false;
      suspensionFailure = why;
      ending.deliver((Strand) this, context, false);
    } else { // it has yielded
      context.failure = why;
    }
  }

  /**
   * Adds the frames of the call that waited to the trace of {@code thrown}. It is thrown without
   * them if that can't be done, because one of its methods throws or memory is short.
   */
  private void addPlaces(Throwable thrown) {
    try {
      thrown.setStackTrace(asThrownThere(thrown.getStackTrace()));
    } catch (Throwable e) {
      // said above
    }
  }

  /** The trace of what was thrown above, with the frames of the call that waited. */
  private StackTraceElement[] asThrownThere(StackTraceElement[] trace) {
    List<StackTraceElement> whole = new ArrayList<>(List.of(trace));
    int here = 0;
    while (here < trace.length && !trace[here].getClassName().equals(Schedulable.class.getName())) {
      here++;
    }
    whole.addAll(here, places());
    return whole.toArray(new StackTraceElement[0]);
  }

  /** Where its woven code is suspended, innermost frame first. */
  List<StackTraceElement> places() {
    return body.stack();
  }

  /** What a wait throws that could not suspend because its thread is pinned. */
  abstract RuntimeException pinned(String verb, Object subject);

  final void ready() {
    assert state != State.READY && state != State.ENDED : this;
    state = State.READY;
    enqueue();
  }

  /** Sees to it that it is resumed. */
  void enqueue() {
    loop.enqueue(slot);
  }

  /** Runs the strand until it suspends or ends; called by the loop alone. */
  final void run() {
    assert state == State.READY : this;
    state = State.RUNNING;
    hasYielded = false;
    try {
      resume();
    } catch (Throwable e) { // of the JDK's part of the switch: the other strands go on
      UncaughtFailures.report(e);
    }
    switch (state) {
      case YIELDING -> {
        hasYielded = true;
        ready();
      }
      case RUNNING -> state = State.BLOCKED;
      case ENDED -> releaseAll();
      default -> {}
    }
  }

  /** Gives back what it has from the loop; it has ended. */
  abstract void releaseAll();

  // ---- what the kinds of strand do differently

  /** Begins to run; the loop is on its own thread or on another strand. */
  abstract void start();

  /** Gives the strand the processor; returns when it has given it back. */
  abstract void resume();

  /**
   * Gives the processor back to the loop; returns at the next {@link #resume}, or at once if
   * pinned.
   */
  abstract void switchOut();

  /** Makes sure that the strand, whose code is running, has the processor by the loop's leave. */
  void acquireBaton() {}

  /** What the strand's own thread runs. */
  final void runBody() {
    try {
      body.run();
    } catch (Throwable e) {
      body.aborted(e);
    } finally {
      acquireBaton();
      state = State.ENDED;
    }
  }

  /**
   * Its thread asks to be run: it has come back from abroad, or has yielded by itself. The JDK also
   * asks after somebody has looked at the thread's stack, whether or not we held it back on
   * purpose.
   */
  final void submitted() {
    if (!loop.isOnThread()) {
      loop.arriveLater(this);
    } else if (loop.isCurrent((Strand) this)) {
      if (state == State.RUNNING) {
        state = State.YIELDING;
      }
    } else {
      arrive();
    }
  }

  @Override
  protected final void arrive() {
    if (state == State.BLOCKED || state == State.NEW) {
      ready();
    }
  }
}
