// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.internal.failure.UncaughtFailures;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.InboundQueue;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.WaitState.Interruption;
import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Code that a reactor runs until it suspends, and resumes later: the body of a fiber. Every
 * suspending call of the library suspends in one of the methods of {@link Parking}.
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
 * turn. Its parts are its wait ({@link WaitState}) and its scopes ({@link ScopeStack}); what each
 * turn reads is kept here, since one more load from another object would cost a nanosecond.
 */
public abstract class Strand extends InboundQueue.Node {
  /** The code of a strand; the outermost frame if the strand is stackless. */
  public abstract static class Body extends Routine {
    public Body() {}

    /** Runs on the strand. {@link #aborted} gets what it throws. */
    @Override
    protected abstract void run();

    /** Called if {@link #run} threw or could not be called; on the strand or after its end. */
    protected void aborted(Throwable failure) {
      UncaughtFailures.report(failure);
    }

    /** Called once on the reactor's thread, outside any strand, after the strand has ended. */
    protected abstract void ended();
  }

  /** The state of a strand. */
  public enum State {
    NEW,
    READY,
    RUNNING,
    YIELDING,
    PARKED,
    BLOCKED,
    ENDED
  }

  public final EventLoop loop;
  private final Body body;
  public State state = State.NEW;

  /** The wait in progress, or the last one. */
  public final WaitState waiting;

  /** Whether {@link WaitState#completion} is to compute a result for woven code. */
  boolean hasPendingResult;

  /** Whether it is READY but not in the run queue, because there was too little stack. */
  boolean isUnqueued;

  /** Whether it is in the run queue because it yielded, behind the strands that were there. */
  boolean hasYielded;

  /** The host of hosted strands that this strand runs, or null. */
  @Nullable StrandHost host;

  /** The strand's slot in the loop's {@link StrandTable}. */
  public int slot = StrandTable.UNLISTED;

  /** The resources that the strand holds and must release, newest first. */
  @Nullable HeldResource heldResources;

  // ---- scopes and cancellation

  /** Null until the strand has entered a scope. */
  @Nullable ScopeStack scopes;

  /** The nearest of the deadlines of the strand's scopes and the one that it was started with. */
  private long scopeDeadline;

  /** Whether the next wait must throw instead of beginning. */
  boolean unwinding;

  private boolean cancelled;

  Strand(EventLoop loop, Body body, long deadline) {
    this.loop = loop;
    this.body = body;
    scopeDeadline = deadline;
    waiting = new WaitState(this);
  }

  /** The strand that is running on the calling thread, or null. */
  public static @Nullable Strand current() {
    Strand fast = StrandTable.fastCurrent();
    return fast != null ? fast : CurrentStrand.find();
  }

  /**
   * The strand that is running on the calling thread.
   *
   * @throws WrongThreadException if there is none
   */
  public static Strand require(String verb) {
    Strand fast = StrandTable.fastCurrent();
    return fast != null ? fast : CurrentStrand.require(verb);
  }

  /**
   * The strand that is running on the calling thread, which must be one of {@code loop}.
   *
   * @throws WrongThreadException if there is none, or it belongs to another reactor
   */
  public static Strand requireOf(EventLoop loop, String verb, Object subject) {
    Strand fast = loop.fastCurrentOwn();
    return fast != null ? fast : CurrentStrand.requireOf(loop, verb, subject);
  }

  /** Whether another strand runs this one, and not the loop. */
  public final boolean isHosted() {
    return runsIn() != this;
  }

  /** The strand that the loop runs while this strand's code runs: itself, unless it is hosted. */
  Strand runsIn() {
    return this;
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

  /** The reason why it could not be suspended, for a message. */
  String whyPinned() {
    return "can't be suspended below a class initialiser or a native frame";
  }

  public final Body body() {
    return body;
  }

  public final State state() {
    return state;
  }

  /** The frames in which the woven code is suspended, innermost first. */
  List<StackTraceElement> places() {
    return body.stack();
  }

  // ---- calls made by the strand itself

  /** Waits in {@code list}, until woken. Suspends. */
  public final void await(
      WaitList list, String verb, Object subject, long deadline, WaitMode wait) {
    awaitUntil(
        list,
        verb,
        subject,
        checkBeforeWait(verb, subject, deadline, wait),
        wait,
        WaitCompletion.NONE);
  }

  /**
   * As {@link #await}, with the {@code effective} deadline that {@link #checkBeforeWait} returned,
   * and with a {@code completion} whose result is dropped.
   */
  public final void awaitUntil(
      WaitList list,
      String verb,
      Object subject,
      long effective,
      WaitMode wait,
      WaitCompletion completion) {
    WaitNode mine = beginIn(verb, subject, effective, wait);
    Parking.parkIn(list, mine, completion);
  }

  /** As {@link #awaitUntil}; returns the result of {@code completion}. */
  public final @Nullable Object awaitResult(
      WaitList list,
      String verb,
      Object subject,
      long effective,
      WaitMode wait,
      WaitCompletion completion) {
    WaitNode mine = beginIn(verb, subject, effective, wait);
    return Parking.parkInForResult(list, mine, completion);
  }

  /** Begins a wait in a list; all that can fail is done before the node is in the list. */
  private WaitNode beginIn(String verb, Object subject, long effective, WaitMode wait) {
    WaitNode mine = waiting.node();
    waiting.requireTime(verb, subject, effective);
    waiting.prepare(effective);
    waiting.begin(verb, subject, effective, wait);
    return mine;
  }

  /**
   * Waits until one of {@code waitNodes} fires. All are nodes of this strand and in a list; none is
   * in a list afterwards. Suspends.
   *
   * @param deadline the one given to {@link WaitState#prepareSelect}
   * @param completion calls {@link WaitState#chosen}
   */
  public final @Nullable Object awaitAny(
      WaitNode[] waitNodes, String verb, Object subject, long deadline, WaitCompletion completion) {
    waiting.beginSelect(waitNodes, verb, subject, deadline);
    return Parking.parkForResult(this, completion);
  }

  /** Waits until the clock reads {@code deadline}. Suspends. */
  public final void sleepUntil(long deadline) {
    checkBeforeWait("sleep", WaitState.NOTHING, TimerQueue.NEVER, WaitMode.EXTERNAL);
    if (deadline <= loop.clock().nanoTime()) {
      yieldNow();
      return;
    }
    StackReserve.check();
    waiting.prepare(effectiveDeadline(deadline));
    waiting.beginSleep(deadline);
    Parking.park(this, WaitState.SLEPT);
  }

  /** Lets every other strand that can run go first. Suspends. */
  public final void yieldNow() {
    assert loop.isCurrent(this) : this;
    checkBeforeWait("yield", WaitState.NOTHING, TimerQueue.NEVER, WaitMode.EXTERNAL);
    Parking.yieldOut(this);
  }

  /** Throws if the strand is cancelled or one of its scopes has failed, unless it is shielded. */
  public final void throwIfCancelled(String verb, Object subject) {
    if (unwinding) {
      throw waiting.exception(Interruption.UNWIND, verb, subject);
    }
  }

  /**
   * Throws if the strand must unwind, or if {@code deadline} or a scope's deadline has passed. Each
   * call that may suspend begins with this check, even if it does not suspend. NOW passes here.
   *
   * @return the nearest of these deadlines
   */
  public final long checkBeforeWait(String verb, Object subject, long deadline, WaitMode wait) {
    if (wait.isShielded()) {
      return deadline;
    }
    throwIfCancelled(verb, subject);
    long effective = effectiveDeadline(deadline);
    if (effective != TimerQueue.NEVER) {
      requireNotPast(verb, subject, effective);
    }
    return effective;
  }

  private void requireNotPast(String verb, Object subject, long effective) {
    long now = loop.clock().nanoTime();
    boolean scopes = scopeDeadline <= now;
    if (scopes || (effective <= now && effective != TimerQueue.NOW)) {
      throw waiting.exception(
          scopes ? Interruption.SCOPE_EXPIRED : Interruption.EXPIRED, verb, subject);
    }
  }

  /** The resource that the strand acquired last of those that it holds, or null. */
  public final @Nullable HeldResource heldResource() {
    return heldResources;
  }

  // ---- scopes

  /** The scope that the strand has entered last and not left, or null. */
  public final @Nullable Scope scope() {
    ScopeStack all = scopes;
    return all == null ? null : all.innermost();
  }

  /** The nearest deadline of the strand's scopes; strands that it starts inherit it. */
  public final long scopeDeadline() {
    return scopeDeadline;
  }

  /** Enters {@code scope}; called by the strand itself. */
  public void enter(Scope scope) {
    ScopeStack all = scopes();
    boolean shielded = all.isShielded();
    all.enter(scope);
    scopesChanged(all);
    if (scope.shield && !shielded) {
      clearInterrupt(); // from a cancel; it must not end the JDK's calls in the shield
    }
  }

  /** Leaves {@code scope}, the innermost; called by the strand itself. */
  public void leave(Scope scope) {
    ScopeStack all = scopes();
    all.leave(scope);
    scopesChanged(all);
    if (scope.shield && cancelled && !all.isShielded()) {
      interruptThread();
    }
  }

  /**
   * Makes the present and all later waits of this strand in {@code scope} throw the scope's
   * failure.
   */
  public final void fail(Scope scope) {
    scope.failed = true;
    ScopeStack all = scopes(); // not empty: the strand is in one
    all.update();
    scopesChanged(all);
    if (unwinding) {
      interrupt(Interruption.UNWIND);
    }
  }

  private ScopeStack scopes() {
    ScopeStack all = scopes;
    if (all == null) {
      all = new ScopeStack(scopeDeadline);
      scopes = all;
    }
    return all;
  }

  private void scopesChanged(ScopeStack changed) {
    scopeDeadline = changed.effectiveDeadline(TimerQueue.NEVER);
    unwinding = changed.mustUnwind(cancelled);
  }

  /** The nearer of {@code deadline} and the deadline of the scopes. */
  final long effectiveDeadline(long deadline) {
    return Math.min(deadline, scopeDeadline);
  }

  /** Whether the strand has been cancelled, even if it is in a shield. */
  public final boolean isCancelled() {
    return cancelled;
  }

  /** Called when a call is about to throw because the strand must unwind. */
  void unwinds() {}

  // ---- calls made by others, on the reactor's thread

  /**
   * Makes the present and all later waits throw {@link CancelledException}, and interrupts the
   * thread, which ends blocking calls of the JDK. Shielded waits continue. Allocates nothing, so it
   * can't fail because memory is short.
   */
  public final void cancel() {
    if (!cancelled) {
      ScopeStack all = scopes;
      cancelled = true;
      unwinding = all == null || all.mustUnwind(true);
      if (all == null || !all.isShielded()) {
        interrupt(Interruption.UNWIND);
        interruptThread();
      }
    }
  }

  /** Ends the present wait early, if it can be. */
  void interrupt(Interruption why) {
    waiting.interrupt(why);
  }

  // ---- scheduling

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
      case ENDED -> waiting.releaseAll();
      default -> {}
    }
  }

  // ---- what the kinds of strand do differently

  /** Starts the strand; called on the loop's thread or on another strand. */
  abstract void start();

  /** Switches to the strand; returns when it has suspended or ended. */
  abstract void resume();

  /** Switches back to the loop; returns at the next {@link #resume}, or immediately if pinned. */
  abstract void switchOut();

  /**
   * Whether a host runs this strand with {@code context}; if so, it is about to suspend with it.
   */
  boolean isHostContext(Context context, State as) {
    return false;
  }

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
    } else if (loop.isCurrent(this)) {
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

  @Override
  public String toString() {
    return body() + " " + state;
  }
}
