// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.access.Accessors;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.routine.codegen.Context;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The strand of a routine that another strand runs among others, its {@link StrandHost}: in the
 * calls of fibers it waits by itself, and what it has entered and holds is its own. The loop never
 * runs it; once it can go on, its host is told.
 *
 * <p>It is RUNNING as long as it is in no such call, however its host makes it wait besides.
 */
public abstract class HostedStrand extends Strand {
  /** What knows what a fiber is to its users; found by the owner of the loop. */
  public static final Accessors<Maker> MAKERS = new Accessors<>();

  /** Makes guests with the body that a fiber has. */
  public interface Maker {
    /** Returns what {@code make} has made with that body. */
    HostedStrand make(String name, Function<Body, HostedStrand> make);
  }

  // ---- links
  @Nullable HostedStrand next;
  @Nullable HostedStrand previous;

  private final Strand carrier;

  /** What its routine is run with. */
  private final Context context;

  /** Whether it is in a call that suspends: from its suspension until it goes on. */
  private boolean waiting;

  /** Whether a call of it has thrown since {@link #end} because it is to end. */
  private boolean cancellationSeen;

  private @Nullable Alarm alarm;

  /** Tells when a scope's deadline passes in which it may be waiting by its host's means. */
  private final class Alarm extends TimerQueue.Timer {
    @Override
    protected void expired() {
      hasDeadline(false);
      interrupt(Interruption.SCOPE_EXPIRED);
    }
  }

  /**
   * Makes a guest of {@code carrier}'s.
   *
   * @param context what its routine is run with
   */
  protected HostedStrand(Strand carrier, Context context, Body body) {
    super(carrier.loop, body, TimerQueue.NEVER);
    this.carrier = carrier;
    this.context = context;
  }

  // ---- what the host does for it

  /** It begins to wait: the routine must not be resumed before {@link #goOn}. */
  protected abstract void waits();

  /** Has {@link #yielded} called when all other strands have had their turn. */
  protected abstract void yields();

  /** Its wait has ended: the routine is to be resumed, right after {@link #goOn}. */
  protected abstract void awake();

  /** It goes on, or has not been able to suspend. */
  protected abstract void goesOn();

  /** Suspends the routine if it has a stack that can be left; false, at once, if it has none. */
  protected abstract boolean leaveStack();

  /** Whether the routine has a stack. */
  protected abstract boolean isOnStack();

  /** It has been cancelled, or a scope that it is in is over; see {@link #isRefused}. */
  protected abstract void scopeEnded();

  /** Whether a scope that it is in has a deadline that has not passed. */
  protected abstract void hasDeadline(boolean has);

  /** Whether its routine is running, and not suspended in whatever way. */
  public abstract boolean isRunning();

  @Override
  protected abstract List<StackTraceElement> places();

  // ---- for the host

  /** Begins its life: its routine is running. */
  @Override
  public final void start() {
    state = State.RUNNING;
    loop.guests.add(this);
  }

  /** Whether it is in a call that suspends: the routine must be resumed by nobody else. */
  public final boolean isWaiting() {
    return waiting;
  }

  /** Whether it waits no more, so that {@link #goOn} may be called. */
  public final boolean canGoOn() {
    return waiting && state == State.READY;
  }

  /** Ends its wait; the routine is resumed next. */
  public final void goOn() {
    assert state == State.READY : this;
    state = State.RUNNING;
    stopWaiting();
    deliverResult(context);
  }

  /** Ends its wait, for which its routine can't suspend; the routine goes on. */
  public final void refuseToWait(Throwable why) {
    stopWaiting();
    refuse(context, why);
  }

  /** All others have had their turn since it has yielded. */
  public final void yielded() {
    if (state == State.YIELDING) {
      ready();
    }
  }

  /** Whether the next wait would throw at once. */
  public final boolean isRefused() {
    return mustUnwind() || scopeDeadline() <= loop.clock().nanoTime();
  }

  /** What it would throw, which has been told thereby; null if it would begin. */
  public final @Nullable RuntimeException refusal(String verb, Object subject) {
    try {
      checkBeforeWait(verb, subject, TimerQueue.NEVER, WaitMode.INTERNAL);
      return null;
    } catch (CancelledException | ScopeExpiredException | TaskFailedException e) {
      return e;
    }
  }

  /** Cancels it, and has {@link #isCancellationSeen} tell whether it has noticed. */
  public final void end() {
    cancellationSeen = false;
    cancel();
  }

  /** Whether a wait of it has thrown because of {@link #end}. */
  public final boolean isCancellationSeen() {
    return cancellationSeen;
  }

  /**
   * Whether it has left bundles open, or has to give something back. Its body, which is a routine,
   * does that and nothing else: it is to be run when what it is the strand of is over.
   */
  public final boolean holdsResources() {
    return scope() != null || possession() != null;
  }

  /** Forgets it, which is settled. */
  public final void forget() {
    assert !waiting && !holdsResources() : this;
    state = State.ENDED;
    if (alarm != null) {
      loop.timers().remove(alarm);
    }
    releaseAll();
    loop.guests.remove(this);
    body().ended();
  }

  // ---- as a strand

  @Override
  final Strand runsIn() {
    return carrier;
  }

  @Override
  public final Thread thread() {
    return carrier.thread();
  }

  @Override
  public final boolean isStackless() {
    return true;
  }

  @Override
  public final StackTraceElement[] stackTrace() {
    if (state == State.ENDED) {
      return new StackTraceElement[0];
    }
    return isRunning() ? thread().getStackTrace() : places().toArray(new StackTraceElement[0]);
  }

  @Override
  final boolean isHostContext(Context used, State as) {
    if (used != context) {
      return false;
    }
    beginWaiting(as);
    return true;
  }

  @Override
  final void switchOut() {
    beginWaiting(state);
    try {
      leaveStack();
    } finally {
      if (waiting) { // it could not leave, or has not been able to for want of memory
        stopWaiting();
      }
    }
  }

  private void beginWaiting(State as) {
    if (as == State.YIELDING) {
      yields(); // first, since this may fail
    }
    waiting = true;
    loop.guests.waits();
    waits();
  }

  private void stopWaiting() {
    waiting = false;
    loop.guests.goesOn();
    goesOn();
  }

  @Override
  final void enqueue() {
    awake();
  }

  @Override
  final void interrupt(Interruption why) {
    super.interrupt(why);
    if (state != State.ENDED) {
      scopeEnded();
    }
  }

  @Override
  final RuntimeException exception(Interruption why, String verb, Object subject) {
    cancellationSeen |= why == Interruption.OVER;
    return super.exception(why, verb, subject);
  }

  @Override
  public final void enter(Scope scope) {
    super.enter(scope);
    watchDeadline();
  }

  @Override
  public final void leave(Scope scope) {
    super.leave(scope);
    watchDeadline();
  }

  private void watchDeadline() {
    long deadline = scopeDeadline();
    if (deadline != TimerQueue.NEVER) {
      if (alarm == null) {
        alarm = new Alarm();
      }
      loop.timers().arm(alarm, deadline);
    } else if (alarm != null) {
      loop.timers().disarm(alarm);
    }
    hasDeadline(deadline != TimerQueue.NEVER);
  }

  @Override
  String whyPinned() {
    return isOnStack() ? super.whyPinned() : UnwovenFrames.why();
  }

  @Override
  final void acquireBaton() {
    carrier.acquireBaton();
  }

  /** Never called: it is in no run queue. */
  @Override
  final void resume() {
    throw new AssertionError(this);
  }

  // ---- its thread is everybody's

  @Override
  final void interruptThread() {}

  @Override
  final void clearInterrupt() {}
}
