// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.InboundQueue;
import dev.weft.internal.strand.Strand.Body;
import dev.weft.internal.strand.Strand.State;
import dev.weft.routine.codegen.Context;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The part of a strand that the loop schedules: the loop runs it until it suspends, and resumes it
 * later.
 *
 * <p>
 *
 * {@snippet :
 *   NEW -> READY <-> RUNNING -> ENDED
 *            ^         |-> PARKED     in a call of Weft, until the loop makes it ready
 *            |         |-> YIELDING   to the end of the run queue
 *            |         \-> BLOCKED    in a lock, a sleep or another blocking call of the JDK
 *            \-----------/
 * }
 *
 * All fields are confined to the reactor's thread, or to the strand while it runs in the loop's
 * turn.
 */
public abstract class Schedulable extends InboundQueue.Node {
  public final EventLoop loop;
  private final Body body;
  public State state = State.NEW;

  /** Completes the present wait if {@link #hasPendingResult}; otherwise that of the last wait. */
  private WaitCompletion completion = WaitCompletion.NONE;

  private boolean hasPendingResult;

  /** Whether only another strand can end the wait that begins, or is in progress. */
  boolean isEndless;

  /** Whether the wait in progress is counted in {@link EventLoop#deadlockCandidates}. */
  public boolean mayDeadlock;

  /** Whether it is READY but not in the run queue, because there was too little stack. */
  boolean isUnqueued;

  /** What the JVM threw instead of suspending the thread; cleared by {@link #notSuspended}. */
  private @Nullable Throwable suspensionFailure;

  /** The host of hosted strands that this strand runs, or null. */
  @Nullable StrandHost host;

  /** Whether it is in the run queue because it yielded, behind the strands that were there. */
  boolean hasYielded;

  /** The strand's slot in the loop's {@link StrandTable}. */
  public int slot = StrandTable.UNLISTED;

  /** The resources that the strand holds and must release, newest first. */
  @Nullable HeldResource heldResources;

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

  /** The strand that the loop runs while this strand's code runs: itself, unless it is hosted. */
  Strand runsIn() {
    return (Strand) this; // its only subclass
  }

  /** Sets the host that knows which hosted strand this strand is running; null if there is none. */
  public final void host(@Nullable StrandHost host) {
    this.host = host;
  }

  /** The name of the code that is running. May be called from any thread; it can be stale. */
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

  /** The strand's stack trace, innermost frame first. */
  public StackTraceElement[] stackTrace() {
    return thread().getStackTrace();
  }

  /** Interrupts the strand's thread: ends its present or next blocking call of the JDK. */
  void interruptThread() {
    thread().interrupt();
  }

  /** Clears the interrupt of {@link #interruptThread}; called by the strand itself. */
  void clearInterrupt() {
    Thread.interrupted();
  }

  /** The reason why {@link #park} could not suspend, for a message. */
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
   * Suspends this strand, which has a stack, until the loop resumes it.
   *
   * @param as the state while it is suspended
   * @return false if the strand could not be suspended, because its thread is pinned or the JVM has
   *     no memory for its frames. The caller then ends the wait and throws {@link #notSuspended}
   */
  private boolean suspend(State as) {
    state = as;
    if (as == State.PARKED && isEndless) {
      mayDeadlock = true;
      loop.deadlockCandidates++;
    }
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

  /** Drops the reason why the strand could not be suspended, because the wait succeeded anyway. */
  final void forgetSuspension() {
    suspensionFailure = null;
  }

  /**
   * Returns the exception of a wait that could not suspend and has been undone. If the reason is an
   * error of the JVM, this method throws that.
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

  // ---- The only methods that are written twice, for stackful and for woven code. All their
  // callers are woven from the stackful form. Each is called last (a tail call), so that the
  // woven caller saves no frame. Those with a list add the node themselves, because a call of the
  // caller after that could overflow the stack.

  /** Suspends until the loop resumes this strand, and then completes the wait. */
  final void park(WaitCompletion completion) {
    parkForResult(completion);
  }

  /** The woven twin of {@link #park(WaitCompletion)}. */
  final void park(WaitCompletion completion, Context context) {
    if (isOwnContext(context, State.PARKED)) {
      suspendWoven(completion, context);
    } else {
      park(completion);
    }
  }

  /** As {@link #park(WaitCompletion)}; returns the result of {@code completion}. */
  final @Nullable Object parkForResult(WaitCompletion completion) {
    return completion.resultOf((Strand) this, suspend(State.PARKED));
  }

  /** The woven twin of {@link #parkForResult(WaitCompletion)}. */
  final @Nullable Object parkForResult(WaitCompletion completion, Context context) {
    if (isOwnContext(context, State.PARKED)) {
      suspendWoven(completion, context);
      return null;
    }
    return parkForResult(completion);
  }

  /** As {@link #park(WaitCompletion)}; returns the result of {@code completion}. */
  final int parkForInt(WaitCompletion.OfInt completion) {
    return completion.number((Strand) this, suspend(State.PARKED));
  }

  /** The woven twin of {@link #parkForInt(WaitCompletion.OfInt)}. */
  final int parkForInt(WaitCompletion.OfInt completion, Context context) {
    if (isOwnContext(context, State.PARKED)) {
      suspendWoven(completion, context);
      return 0;
    }
    return parkForInt(completion);
  }

  /** As {@link #park(WaitCompletion)}, with {@code node} in {@code list}. */
  final void parkIn(WaitList list, WaitNode node, WaitCompletion completion) {
    parkInForResult(list, node, completion);
  }

  /** The woven twin of {@link #parkIn(WaitList, WaitNode, WaitCompletion)}. */
  final void parkIn(WaitList list, WaitNode node, WaitCompletion completion, Context context) {
    if (isOwnContext(context, State.PARKED)) {
      suspendWovenIn(list, node, completion, context);
    } else {
      parkIn(list, node, completion);
    }
  }

  /** As {@link #parkForResult(WaitCompletion)}, with {@code node} in {@code list}. */
  final @Nullable Object parkInForResult(WaitList list, WaitNode node, WaitCompletion completion) {
    StackReserve.check();
    list.add(node);
    return completion.resultOf((Strand) this, suspend(State.PARKED));
  }

  /** The woven twin of {@link #parkInForResult(WaitList, WaitNode, WaitCompletion)}. */
  final @Nullable Object parkInForResult(
      WaitList list, WaitNode node, WaitCompletion completion, Context context) {
    if (isOwnContext(context, State.PARKED)) {
      suspendWovenIn(list, node, completion, context);
      return null;
    }
    return parkInForResult(list, node, completion);
  }

  /** Suspends until the loop has resumed every other strand that can run. */
  final void yieldOut() {
    StackReserve.check();
    if (!suspend(State.YIELDING)) {
      throw notSuspended("yield", "");
    }
  }

  /** The woven twin of {@link #yieldOut()}. */
  final void yieldOut(Context context) {
    if (isOwnContext(context, State.YIELDING)) {
      state = State.YIELDING;
      context.suspended = true;
    } else {
      yieldOut();
    }
  }

  /**
   * Whether this strand is run with {@code context}. If not, the woven code belongs to a routine
   * that the strand resumes itself: then the whole strand has to wait.
   */
  private boolean isOwnContext(Context context, State as) {
    assert context != loop.context() || isStackless() : this;
    return context == loop.context() || isHostContext(context, as);
  }

  /**
   * Whether a host runs this strand with {@code context}; if so, it is about to suspend with it.
   */
  boolean isHostContext(Context context, State as) {
    return false;
  }

  /** The last call is the first change, and nothing is called after it. */
  private void suspendWovenIn(
      WaitList list, WaitNode node, WaitCompletion completion, Context context) {
    list.add(node);
    state = State.PARKED;
    if (isEndless) {
      mayDeadlock = true;
      loop.deadlockCandidates++;
    }
    if (this.completion != completion) {
      this.completion = completion;
    }
    hasPendingResult = true;
    context.suspended = true;
  }

  private void suspendWoven(WaitCompletion completion, Context context) {
    state = State.PARKED;
    if (isEndless) {
      mayDeadlock = true;
      loop.deadlockCandidates++;
    }
    if (this.completion != completion) {
      this.completion = completion;
    }
    hasPendingResult = true;
    context.suspended = true;
  }

  /** Passes the result of the wait, if there was one, to the woven code that resumes. */
  final void deliverResult(Context context) {
    if (hasPendingResult) {
      hasPendingResult = false;
      try {
        completion.deliver((Strand) this, context, true);
      } catch (Throwable e) {
        context.failure = e;
        addWaitFrames(e);
      }
    }
  }

  /** Calls {@link #refuseSuspension} on the strand of the calling thread that began to suspend. */
  static void suspensionRefused(Context context, Throwable why) {
    Strand strand = carrier();
    if (strand == null) {
      throw new AssertionError("no strand has suspended", why);
    }
    strand.refuseSuspension(context, why);
  }

  /**
   * Ends the wait that woven code of this strand has begun but can't suspend for, as if its thread
   * were pinned. The code continues with the result.
   */
  final void refuseSuspension(Context context, Throwable why) {
    state = State.RUNNING;
    if (hasPendingResult) {
      hasPendingResult = false;
      suspensionFailure = why;
      completion.deliver((Strand) this, context, false);
    } else { // it has yielded
      context.failure = why;
    }
  }

  /**
   * Adds the frames of the waiting call to the trace of {@code thrown}. If that fails, because a
   * method of {@code thrown} throws or memory is short, the trace stays without them.
   */
  private void addWaitFrames(Throwable thrown) {
    try {
      thrown.setStackTrace(withWaitFrames(thrown.getStackTrace()));
    } catch (Throwable e) {
      // the trace stays as it is
    }
  }

  /** Returns {@code trace} with the suspended frames inserted above this class's. */
  private StackTraceElement[] withWaitFrames(StackTraceElement[] trace) {
    List<StackTraceElement> whole = new ArrayList<>(List.of(trace));
    int here = 0;
    while (here < trace.length && !trace[here].getClassName().equals(Schedulable.class.getName())) {
      here++;
    }
    whole.addAll(here, places());
    return whole.toArray(new StackTraceElement[0]);
  }

  /** The frames in which the woven code is suspended, innermost first. */
  List<StackTraceElement> places() {
    return body.stack();
  }

  /** The exception of a wait that could not suspend because the thread is pinned. */
  abstract RuntimeException pinned(String verb, Object subject);

  final void ready() {
    assert state != State.READY && state != State.ENDED : this;
    state = State.READY;
    enqueue();
  }

  /** Called by the loop for each strand if one of them {@link #isUnqueued}. */
  final void enqueueLate() {
    if (isUnqueued) {
      isUnqueued = false;
      enqueue();
    }
  }

  /** Adds the strand to the run queue. If it throws, it has changed nothing. */
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
    } catch (Throwable e) { // from the JDK's part of the switch; the other strands go on
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

  /** Releases the loop's objects that the strand uses; called when it has ended. */
  abstract void releaseAll();

  // ---- what the kinds of strand do differently

  /** Starts the strand; called on the loop's thread or on another strand. */
  abstract void start();

  /** Switches to the strand; returns when it has suspended or ended. */
  abstract void resume();

  /** Switches back to the loop; returns at the next {@link #resume}, or immediately if pinned. */
  abstract void switchOut();

  /** Blocks until the loop has handed this strand the baton; does nothing for other kinds. */
  void acquireBaton() {}

  /** The main method of the strand's own thread. */
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
   * Called when the strand's thread wants to run: its blocking call has ended, or it called {@link
   * Thread#yield} itself. The JDK also calls it after another thread has read the thread's stack,
   * even if the strand is parked.
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
