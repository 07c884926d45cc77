// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.error.CancelledException;
import dev.weft.error.PinnedException;
import dev.weft.internal.diag.LeakWatch;
import dev.weft.internal.jvm.CoroutineStack;
import dev.weft.internal.routine.InnerRoutine;
import dev.weft.internal.routine.RoutineThread;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.UnwovenFrames;
import dev.weft.routine.codegen.Context;
import org.jspecify.annotations.Nullable;

/**
 * The body's side of a coroutine: a routine if the body has been woven, and otherwise the first
 * frame on a stack of the JDK's. Both sides of a switch are here. The subclass runs the body.
 */
public abstract class CoroutineState extends InnerRoutine {
  /** Yields that a body may make while it is being closed, as loops and cleanups do. */
  public static final int YIELDS_WHILE_CLOSING_MAX = 100;

  /** Null if the body is woven. */
  private final @Nullable CoroutineStack stack;

  /** On a stack, the value in transit; the result of a body that has returned. */
  private @Nullable Object carried;

  /** The task of yieldThen, which the resumer runs; or null. */
  public @Nullable Object then;

  /** What the body's yields throw while it is being closed; null otherwise. */
  private @Nullable CancelledException unwinding;

  private int yieldsWhileClosing;

  /** The thread that it belongs to, or null. */
  private @Nullable Thread owner;

  /** The reactor whose fibers it belongs to instead, or null. */
  private @Nullable EventLoop loop;

  private LeakWatch.@Nullable OpenCoroutine open;

  /**
   * Makes the body's side.
   *
   * @param woven whether the body needs no stack
   */
  @SuppressWarnings("this-escape") // to a continuation that is not run before the start
  protected CoroutineState(boolean woven) {
    if (woven) {
      stack = null;
    } else {
      CoroutineStack.Access.require();
      stack = new CoroutineStack(this::runOnStack);
    }
  }

  /** The user's coroutine. */
  public abstract Object coroutine();

  /** Its state, for messages. */
  protected abstract Object state();

  /** The innermost coroutine that the caller runs in, or null. */
  public static @Nullable CoroutineState current() {
    InnerRoutine innermost = RoutineThread.innermost();
    return (CoroutineState) (innermost == null ? innermostWoven() : innermost);
  }

  /** The innermost that woven code of the calling fiber has resumed, or null. */
  private static @Nullable InnerRoutine innermostWoven() {
    Strand strand = Strand.current();
    if (strand instanceof HostedStrand hosted) {
      return (InnerRoutine) hosted.context().inner;
    }
    return strand == null || !strand.isStackless()
        ? null
        : (InnerRoutine) strand.loop.context().inner;
  }

  /** Called by {@link #run} with what the body has returned. */
  protected final void returned(@Nullable Object value) {
    carried = value;
  }

  private void runOnStack() {
    try {
      run();
    } catch (Throwable e) {
      failure = e;
    }
    phase = ENDED;
  }

  /** What the body has returned. */
  public @Nullable Object result() {
    return carried;
  }

  @Override
  protected final void ended() {
    if (open != null) {
      open.end();
    }
  }

  // ---- threads

  /** Makes the calling thread, or the reactor of the calling fiber, its owner. */
  public void start(@Nullable String name, LeakWatch.Listener listener) {
    Strand strand = stack == null ? Strand.current() : null;
    loop = strand == null ? null : strand.loop;
    owner = strand == null ? Thread.currentThread() : null;
    open = LeakWatch.started(coroutine(), name, listener);
  }

  /** Whether the caller may resume it. */
  public boolean isHere() {
    EventLoop reactor = loop;
    if (reactor == null) {
      return owner == Thread.currentThread();
    }
    return reactor.isOnThread() || isInFiberOf(reactor);
  }

  private boolean isInFiberOf(EventLoop reactor) {
    Strand strand = Strand.current();
    if (strand == null || strand.loop != reactor) {
      return false;
    }
    Strand.requireOf(reactor, "resume", this); // it must have the baton
    return true;
  }

  /** The thread or reactor that it belongs to, for messages; null before the start. */
  public @Nullable Object owner() {
    EventLoop reactor = loop;
    return reactor == null ? owner : "the reactor on " + reactor.thread();
  }

  // ---- the resumer's side

  /**
   * Switches to the body until it yields or ends. Suspends if the body is woven and waits. Throws
   * the JVM's own errors (stack overflow, out of memory), but nothing that the body throws.
   *
   * @param value what the body's yield returns
   * @param thrown what it throws instead, or null
   * @return the yielded value; null if the body has ended
   */
  public @Nullable Object switchIn(@Nullable Object value, @Nullable CancelledException thrown) {
    if (thrown != null) {
      unwinding = thrown;
    }
    if (stack == null) {
      return enter(value, thrown);
    }
    carried = value;
    switchToStack(stack);
    if (phase != YIELDED) {
      return null;
    }
    Object yielded = carried;
    carried = null;
    return yielded;
  }

  private void switchToStack(CoroutineStack mine) {
    Object outer = enterPlain();
    phase = RUNNING;
    try {
      mine.switchIn();
    } catch (Throwable e) {
      if (mine.isDone()) {
        failure = e;
        phase = ENDED;
      }
      throw e;
    } finally {
      leavePlain(outer);
      if (phase == ENDED) {
        ended();
      }
    }
  }

  /** Drops a body that does not end. */
  public void drop() {
    phase = ENDED;
    carried = null;
    ended();
  }

  // ---- the body's side

  /** Suspends a body on a stack; one that is woven can't be suspended by a call of this. */
  protected final @Nullable Object switchOut(
      String call, @Nullable Object value, @Nullable Object task) {
    if (stack == null ? current() != this : !isInnermostPlain()) {
      throw new IllegalStateException(
          call + ": called outside of " + this + ", which is " + state() + ", in " + current());
    }
    if (stack == null) {
      throw pinned(call, UnwovenFrames.why(CoroutineState.class, getClass()));
    }
    throwIfClosing();
    carried = value;
    then = task;
    if (!unmount()) {
      carried = null;
      then = null;
      throw pinned(call, "can't be suspended below a class initialiser or a native frame");
    }
    if (unwinding != null) {
      throw unwinding;
    }
    Object injected = carried;
    carried = null;
    return injected;
  }

  /** The woven twin of {@link #switchOut(String, Object, Object)}. */
  protected final @Nullable Object switchOut(
      String call, @Nullable Object value, @Nullable Object task, Context context) {
    if (context.inner != this) {
      return switchOut(call, value, task);
    }
    throwIfClosing();
    if (then != task) {
      then = task;
    }
    yieldWoven(value, context);
    return null;
  }

  private PinnedException pinned(String call, String why) {
    return new PinnedException(call + ": " + this + " " + why);
  }

  private void throwIfClosing() {
    if (unwinding != null && ++yieldsWhileClosing < YIELDS_WHILE_CLOSING_MAX) {
      throw unwinding;
    }
  }

  /** Switches to the resumer; returns true when resumed, or false immediately if pinned. */
  private boolean unmount() {
    phase = YIELDED;
    try {
      return CoroutineStack.switchOut();
    } finally {
      phase = RUNNING;
    }
  }

  @Override
  public String toString() {
    return coroutine().toString();
  }
}
