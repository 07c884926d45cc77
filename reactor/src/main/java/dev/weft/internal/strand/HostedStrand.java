// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.error.CancelledException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.access.Accessors;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.WaitState.Interruption;
import dev.weft.routine.codegen.Context;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A strand that another strand, its {@link StrandHost}, runs instead of the loop. It waits, enters
 * scopes and holds resources independently. The loop never runs it: when it becomes ready, {@link
 * #awake} notifies the host.
 *
 * <p>It is RUNNING whenever it is in no suspending call of fibers, even while its host suspends the
 * routine for reasons of its own.
 */
public abstract class HostedStrand extends Strand {
  /** Makes hosted strands with a fiber as their body; set by the public package. */
  public static final Accessors<Maker> MAKERS = new Accessors<>();

  /** Makes hosted strands whose body is that of a fiber. */
  public interface Maker {
    /** Returns the strand that {@code make} returns for such a body. */
    HostedStrand make(String name, Function<Body, HostedStrand> make);
  }

  // ---- links
  @Nullable HostedStrand next;
  @Nullable HostedStrand previous;

  private final Strand carrier;

  /** The context with which the host runs the routine. */
  private final Context context;

  /**
   * Whether it is suspended in a call of fibers: from its suspension until {@link
   * #continueAfterWait}.
   */
  private boolean suspended;

  /** Whether a call has thrown since {@link #end} because the strand must unwind. */
  private boolean cancellationSeen;

  private @Nullable Alarm alarm;

  /** Notifies the host of a scope's deadline, since its own waits know nothing of scopes. */
  private final class Alarm extends TimerQueue.Timer {
    @Override
    protected void expired() {
      hasDeadline(false);
      interrupt(Interruption.SCOPE_EXPIRED);
    }
  }

  /**
   * Makes a strand that {@code carrier} runs.
   *
   * @param context the context with which the host runs the routine
   */
  protected HostedStrand(Strand carrier, Context context, Body body) {
    super(carrier.loop, body, TimerQueue.NEVER);
    this.carrier = carrier;
    this.context = context;
  }

  // ---- calls to the host

  /**
   * The strand begins to wait: the routine must not be resumed before {@link #continueAfterWait}.
   */
  protected abstract void waitBegan();

  /** The host must call {@link #yielded} when all other strands have had their turn. */
  protected abstract void yields();

  /**
   * The wait has ended: the host must call {@link #continueAfterWait} and then resume the routine.
   */
  protected abstract void awake();

  /** The wait that {@link #waitBegan} announced is over, or the strand could not suspend for it. */
  protected abstract void waitEnded();

  /** Suspends the routine if it has a stack that can be unmounted; otherwise returns false. */
  protected abstract boolean leaveStack();

  /** Whether the routine has a stack. */
  protected abstract boolean isOnStack();

  /** The strand was cancelled, or one of its scopes has ended; see {@link #isRefused}. */
  protected abstract void scopeEnded();

  /** Reports whether the strand is in a scope with a deadline that has not passed. */
  protected abstract void hasDeadline(boolean has);

  /** Whether the routine is running, and not suspended for any reason. */
  public abstract boolean isRunning();

  @Override
  protected abstract List<StackTraceElement> places();

  // ---- calls by the host

  /** Starts the strand; the routine is running. */
  @Override
  public final void start() {
    state = State.RUNNING;
    loop.hosted.add(this);
  }

  /**
   * Whether it is suspended in a call of fibers, so that only {@link #continueAfterWait} may resume
   * it.
   */
  public final boolean isWaiting() {
    return suspended;
  }

  /** Whether the wait has ended, so that {@link #continueAfterWait} may be called. */
  public final boolean canGoOn() {
    return suspended && state == State.READY;
  }

  /** Completes the wait; the host resumes the routine next. */
  public final void continueAfterWait() {
    assert state == State.READY : this;
    state = State.RUNNING;
    stopWaiting();
    Parking.deliverResult(this, context);
  }

  /** Ends the wait because the routine can't suspend; the routine continues. */
  public final void refuseToWait(Throwable why) {
    stopWaiting();
    Parking.refuseSuspension(this, context, why);
  }

  /** Makes the strand ready if it has yielded; all others have had their turn. */
  public final void yielded() {
    if (state == State.YIELDING) {
      ready();
    }
  }

  /** Whether the next wait would throw immediately. */
  public final boolean isRefused() {
    return unwinding || scopeDeadline() <= loop.clock().nanoTime();
  }

  /** The exception that the next wait would throw, which counts as thrown; or null. */
  public final @Nullable RuntimeException refusal(String verb, Object subject) {
    try {
      checkBeforeWait(verb, subject, TimerQueue.NEVER, WaitMode.INTERNAL);
      return null;
    } catch (CancelledException | ScopeExpiredException | TaskFailedException e) {
      return e;
    }
  }

  /** Cancels the strand and resets {@link #isCancellationSeen}. */
  public final void end() {
    cancellationSeen = false;
    cancel();
  }

  /** Whether a wait has thrown because of {@link #end}. */
  public final boolean isCancellationSeen() {
    return cancellationSeen;
  }

  /**
   * Whether it has left bundles open or holds resources. Then the host must run the body after the
   * hosted routine has ended: it closes the bundles and releases the resources.
   */
  public final boolean holdsResources() {
    return scope() != null || heldResource() != null;
  }

  /** Ends the strand, which waits for nothing and holds nothing. */
  public final void forget() {
    assert !suspended && !holdsResources() : this;
    state = State.ENDED;
    if (alarm != null) {
      loop.timers().remove(alarm);
    }
    waiting.releaseAll();
    loop.hosted.remove(this);
    body().ended();
  }

  // ---- the strand

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

  /** The context with which the host runs the routine. */
  public final Context context() {
    return context;
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
    StackReserve.check();
    beginWaiting(as);
    return true;
  }

  @Override
  final void switchOut() {
    beginWaiting(state);
    try {
      leaveStack();
    } finally {
      if (suspended) { // the stack could not be left: pinned, or memory was short
        stopWaiting();
      }
    }
  }

  private void beginWaiting(State as) {
    if (as == State.YIELDING) {
      yields(); // first, since it can fail
    }
    suspended = true;
    loop.hosted.waitBegan();
    waitBegan();
  }

  private void stopWaiting() {
    suspended = false;
    loop.hosted.waitEnded();
    waitEnded();
  }

  @Override
  final void enqueue() {
    StackReserve.check();
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
  final void unwinds() {
    cancellationSeen = true;
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

  /** Never called: the strand is in no run queue. */
  @Override
  final void resume() {
    throw new AssertionError(this);
  }

  // ---- the thread is shared with other strands: it is not interrupted

  @Override
  final void interruptThread() {}

  @Override
  final void clearInterrupt() {}
}
