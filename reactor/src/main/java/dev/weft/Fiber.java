// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.fiber.BundleState;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.fiber.ReactorFibers;
import dev.weft.internal.fiber.Submission;
import dev.weft.internal.jvm.StackReserve;
import dev.weft.internal.strand.HostedStrand;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitCompletion;
import dev.weft.internal.strand.WaitMode;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Lightweight thread scheduled by one reactor. Blocking calls of Weft suspend only the fiber; other
 * fibers run meanwhile. A fiber is a virtual thread, so locks, thread-locals, scoped values, stack
 * traces and blocking calls of the JDK work in it as in any virtual thread.
 *
 * <p>A fiber whose task has been woven is not a virtual thread: it runs on the reactor's own thread
 * and needs no stack, only a few bytes for each suspended call. Calls of Weft behave the same in
 * it. Blocking calls of the JDK block the reactor, thread-locals and interrupts are those of the
 * reactor's thread, and code that has not been woven can't suspend in it. With {@link
 * ReactorOptions#stackful} such a fiber gets its own thread.
 *
 * <p>Scheduling is cooperative: fibers of one reactor interleave only in calls that suspend. A
 * fiber can't suspend below a class initialiser or a native frame, and a woven fiber can't suspend
 * below unwoven code; the call throws a {@link dev.weft.error.PinnedException} there.
 *
 * <p>{@link #close} cancels a fiber and waits until it has ended, so a fiber can be the resource of
 * a try-with-resources statement.
 */
public final class Fiber implements AutoCloseable {
  private final FiberState state;

  Fiber(FiberState state) {
    this.state = state;
  }

  /**
   * Starts a fiber on the current reactor. It runs when the caller next suspends.
   *
   * @param task what the fiber runs; {@link #join} throws its exception, or if no fiber is joining
   *     it when it ends, the exception goes to {@link ReactorOptions#uncaughtExceptionHandler()}
   * @return the new fiber
   * @throws WrongThreadException if there is no reactor on this thread
   * @throws CancelledException if the caller is a fiber that has been cancelled
   */
  public static Fiber start(FiberTask task) {
    return begin(null, task);
  }

  /**
   * Starts a fiber with a name.
   *
   * @param name for messages and dumps, and the name of its thread
   * @param task see {@link #start(FiberTask)}
   * @return the new fiber
   * @throws WrongThreadException if there is no reactor on this thread
   * @throws CancelledException if the caller is a fiber that has been cancelled
   */
  public static Fiber start(String name, FiberTask task) {
    return begin(name, task);
  }

  private static Fiber begin(@Nullable String name, FiberTask task) {
    FiberState starter = FiberState.current();
    StackReserve.check();
    Running state;
    if (starter == null) {
      state = root(Reactor.current().fibers(), name, task);
    } else {
      ReactorFibers reactor = starter.reactor();
      Strand.require("start").throwIfCancelled("start", reactor.loop().owner());
      state = root(reactor, name, task);
      FiberLocal.inherit(starter, state);
    }
    state.begin(Deadline.NEVER.nanoTime());
    return state.fiber;
  }

  /**
   * {@return the calling fiber}
   *
   * @throws WrongThreadException if the caller is not a fiber
   */
  public static Fiber current() {
    return (Fiber) FiberState.require("current").fiber();
  }

  /**
   * Lets every other fiber that is ready run first. Suspends. Yielding fibers do not starve input
   * and output: the reactor polls for completions after at most 64 resumed fibers.
   */
  @SuppressWarnings("NamedLikeContextualKeyword") // the usual name; always qualified
  public static void yield() {
    Strand.require("yield").yieldNow();
  }

  /**
   * Waits for a duration. Suspends, even for a duration of zero.
   *
   * @param duration how long to wait
   */
  public static void sleep(Duration duration) {
    sleepUntil(Deadline.after(duration));
  }

  /**
   * Waits until a deadline has passed. Suspends, even if it has passed already.
   *
   * @param deadline when to continue; with {@link Deadline#NEVER} only a cancel or the failure of a
   *     scope ends the wait
   */
  public static void sleepUntil(Deadline deadline) {
    Strand.require("sleep").sleepUntil(deadline.nanoTime());
  }

  /**
   * Throws if the calling fiber has been cancelled: for long computations without a suspending
   * call.
   *
   * @throws CancelledException if it has been cancelled
   */
  public static void checkCancelled() {
    Strand.require("checkCancelled").throwIfCancelled("checkCancelled", "");
  }

  /**
   * Runs a cleanup that may suspend, even in a fiber that is cancelled or past its deadline.
   * Inside, a cancel, a deadline of an enclosing scope and the failure of an enclosing bundle have
   * no effect. They take effect again afterwards.
   *
   * @param <T> the type of the result
   * @param limit deadline of the suspending calls inside: a cleanup that hangs must not block its
   *     caller indefinitely
   * @param cleanup what to run
   * @return what {@code cleanup} returns
   * @throws DeadlineExceededException if {@code limit} has ended a call inside; the cause says
   *     which
   * @throws Exception anything else that {@code cleanup} throws, unwrapped. Misuse such as a bundle
   *     left open is suppressed in it
   * @throws IllegalStateException if {@code cleanup} has left a bundle open, which is closed
   */
  public static <T extends @Nullable Object> T shielded(Deadline limit, FiberCall<T> cleanup)
      throws Exception {
    FiberState caller = FiberState.require("shielded");
    Shield shield = new Shield(limit);
    StackReserve.check(); // a scope that is entered must be left
    caller.strand().enter(shield);
    return inScope(caller, shield, cleanup);
  }

  /**
   * Runs a block of calls under one deadline. If the deadline passes first, this throws a {@link
   * DeadlineExceededException}, as a single call with that deadline would. If instead the deadline
   * of an enclosing scope passes, a {@link ScopeExpiredException} passes through unchanged. So a
   * loop that retries on {@code DeadlineExceededException} stops when an enclosing scope has
   * expired.
   *
   * @param <T> the type of the result
   * @param deadline deadline of the suspending calls inside
   * @param call what to run; may suspend
   * @return what {@code call} returns
   * @throws DeadlineExceededException if {@code deadline} has ended a call inside; the cause says
   *     which
   * @throws Exception anything else that {@code call} throws, unwrapped
   * @throws IllegalStateException if {@code call} has left a bundle open, which is closed
   */
  public static <T extends @Nullable Object> T within(Deadline deadline, FiberCall<T> call)
      throws Exception {
    FiberState caller = FiberState.require("within");
    TimeLimit limit = new TimeLimit(deadline);
    StackReserve.check(); // a scope that is entered must be left
    caller.strand().enter(limit);
    return inScope(caller, limit, call);
  }

  /**
   * Runs a block as {@link #within(Deadline, FiberCall)} does, without a result.
   *
   * @param deadline deadline of the suspending calls inside
   * @param task what to run; may suspend
   * @throws DeadlineExceededException if {@code deadline} has ended a call inside; the cause says
   *     which
   * @throws Exception anything else that {@code task} throws, unwrapped
   * @throws IllegalStateException if {@code task} has left a bundle open, which is closed
   */
  public static void within(Deadline deadline, FiberTask task) throws Exception {
    within(deadline, asCall(task));
  }

  /** Runs {@code call} in a scope that {@code caller} has just entered, then leaves the scope. */
  private static <T extends @Nullable Object> T inScope(
      FiberState caller, Scope scope, FiberCall<T> call) throws Exception {
    T result;
    try {
      result = call.call();
    } catch (Throwable e) {
      try {
        leave(caller, scope);
      } catch (Throwable mistake) {
        Failures.suppress(e, mistake);
      }
      if (e instanceof ScopeExpiredException expired && expired.isOf(scope)) {
        throw ownExpiry(scope, expired);
      }
      throw e;
    }
    leave(caller, scope);
    return result;
  }

  private static void leave(FiberState caller, Scope scope) {
    try {
      caller.closeForgotten(scope);
    } finally {
      caller.strand().leave(scope);
    }
  }

  private static DeadlineExceededException ownExpiry(Scope scope, ScopeExpiredException cause) {
    DeadlineExceededException own = new DeadlineExceededException(scope + ": deadline exceeded");
    own.initCause(cause);
    return own;
  }

  /**
   * Runs a cleanup as {@link #shielded(Deadline, FiberCall)} does, without a result.
   *
   * @param limit deadline of the suspending calls inside
   * @param cleanup what to run
   * @throws DeadlineExceededException if {@code limit} has ended a call inside; the cause says
   *     which
   * @throws Exception anything else that {@code cleanup} throws, unwrapped. Misuse such as a bundle
   *     left open is suppressed in it
   * @throws IllegalStateException if {@code cleanup} has left a bundle open, which is closed
   */
  public static void shielded(Deadline limit, FiberTask cleanup) throws Exception {
    shielded(limit, asCall(cleanup));
  }

  private static FiberCall<@Nullable Void> asCall(FiberTask task) {
    return () -> {
      task.run();
      return null;
    };
  }

  private static final class Shield extends Scope {
    Shield(Deadline limit) {
      super(limit.nanoTime(), true);
    }

    @Override
    protected RuntimeException failure() {
      throw new AssertionError("a shield does not fail");
    }

    @Override
    public String toString() {
      return "a shielded cleanup";
    }
  }

  private static final class TimeLimit extends Scope {
    TimeLimit(Deadline deadline) {
      super(deadline.nanoTime(), false);
    }

    @Override
    protected RuntimeException failure() {
      throw new AssertionError("a time limit does not fail");
    }

    @Override
    public String toString() {
      return "a call of Fiber.within";
    }
  }

  /**
   * Waits until this fiber has ended. Suspends. Any number of fibers may join the same one. If this
   * fiber ended because it was cancelled, it has not failed, and join returns.
   *
   * @throws dev.weft.error.TaskFailedException if it ended with an exception, which is the cause
   * @throws IllegalStateException if the caller is this fiber, and would wait for itself
   */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until this fiber has ended, at most until {@code deadline}. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws dev.weft.error.TaskFailedException if it ended with an exception, which is the cause
   * @throws IllegalStateException if the caller is this fiber, and would wait for itself
   * @throws dev.weft.error.DeadlineExceededException if it has not ended by then; it continues
   */
  public void join(Deadline deadline) {
    Strand joiner = state.requireJoiner("join");
    long effective = joiner.checkBeforeWait("join", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (state.hasEnded()) {
      state.joined();
      return;
    }
    joiner.awaitUntil(state.joiners(), "join", this, effective, WaitMode.INTERNAL, JOINED);
  }

  /** Completes a join: returns the result of the joined fiber or throws its failure. */
  static final WaitCompletion JOINED =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          strand.waiting.waited(suspended);
          return ((Fiber) strand.waiting.subject()).state.joined();
        }
      };

  /**
   * Cancels this fiber: its current suspending call and each later one throws {@link
   * CancelledException}. If the operation has completed already, the current call returns its
   * result, and the next one throws. If the fiber has its own thread, that is interrupted too,
   * which ends blocking calls of the JDK. Does nothing if the fiber has ended.
   */
  public void cancel() {
    state.strand().loop.requireThread("cancel", this);
    StackReserve.check();
    if (!state.hasEnded()) {
      state.strand().cancel();
    }
  }

  /**
   * Cancels this fiber and waits until it has ended, even if the caller is cancelled meanwhile.
   * Suspends, even in a cancelled fiber. Any fiber of the reactor may close it, any number of
   * times.
   *
   * @throws dev.weft.error.TaskFailedException if it failed, and no other join or close of it has
   *     thrown the failure, which is the cause. Ending because of a cancel is not a failure
   * @throws IllegalStateException if the caller is this fiber or runs in a bundle of it, and would
   *     wait for itself
   * @throws CancelledException if this fiber waits for the caller, so that the wait was ended to
   *     break the deadlock; this fiber has been cancelled
   */
  @Override
  public void close() {
    state.close();
  }

  /** {@return whether the fiber has been cancelled} */
  public boolean isCancelled() {
    return state.strand().isCancelled();
  }

  /** {@return whether the fiber has ended, normally or with an exception} */
  public boolean isDone() {
    return state.hasEnded();
  }

  /** {@return the fiber's number, unique in its reactor, counted from 1} */
  public long id() {
    return state.id();
  }

  /** {@return the fiber's name: the given one, or {@code fiber-} and its number} */
  public String name() {
    return state.toString();
  }

  /**
   * {@return a readable description of what the fiber waits for, such as {@code receive
   * 127.0.0.1:7}; empty if it is not waiting}
   */
  public String waitingFor() {
    return state.strand().waiting.description();
  }

  /** {@return the fiber's stack trace, innermost frame first; empty if it has ended} */
  public StackTraceElement[] stackTrace() {
    return state.strand().stackTrace();
  }

  /**
   * {@return the fiber's virtual thread, for tools; the reactor's thread if the fiber has no thread
   * of its own} May be called from any thread.
   */
  public Thread thread() {
    return state.strand().thread();
  }

  @Override
  public String toString() {
    return name();
  }

  /** Makes the state of a fiber in no bundle, which has not started. */
  static Running root(ReactorFibers reactor, @Nullable String name, FiberTask task) {
    return new Running(reactor, null, name, task, false, false);
  }

  /** Makes the state of a bundle's child, which has not started. */
  static FiberState child(
      BundleState bundle, @Nullable String name, Object task, boolean computes) {
    return new Running(bundle.reactor(), bundle, name, task, computes, false);
  }

  /** Makes the state of a reactor's first fiber, which has not started. */
  static FiberState main(ReactorFibers reactor, Object task, boolean computes) {
    return new Running(reactor, null, "main", task, computes, true);
  }

  /** Makes the state of a fiber whose outcome {@link Reactor#await} returns. */
  static FiberState awaited(ReactorFibers reactor, Object call) {
    return new Awaited(reactor, call);
  }

  /** Makes the state of a fiber that another thread has asked for, which has not started. */
  static FiberState submitted(
      ReactorFibers reactor, Object task, boolean computes, Submission<?> submission) {
    return new Submitted(reactor, task, computes, submission);
  }

  /** Returns the factory of the strands hosted by fibers of {@code reactor}. */
  static HostedStrand.Maker hostedStrands(Reactor reactor) {
    return (name, make) -> {
      FiberState state = root(reactor.fibers(), name, Running.NOTHING);
      HostedStrand hosted = make.apply(state);
      state.hostedBy(hosted);
      return hosted;
    };
  }

  /** Runs the fiber's task. */
  static class Running extends FiberState {
    /** The task of a hosted strand, whose code its host runs. */
    private static final FiberTask NOTHING = () -> {};

    private final Fiber fiber = new Fiber(this);

    /** A {@link FiberTask}, or if it {@link #computes} a {@link FiberCall}. */
    private final Object task;

    private Running(
        ReactorFibers reactor,
        @Nullable BundleState bundle,
        @Nullable String name,
        Object task,
        boolean computes,
        boolean isMain) {
      super(reactor, bundle, name, computes, isMain);
      this.task = Objects.requireNonNull(task, "task"); // before it is counted as started
    }

    @Override
    public Fiber fiber() {
      return fiber;
    }

    @Override
    protected Object task() {
      return task;
    }

    @Override
    protected void run() {
      try {
        if (computes()) {
          succeeded(((FiberCall<?>) task).call());
        } else {
          ((FiberTask) task).run();
        }
      } catch (Throwable e) {
        failed(e);
      }
      finish();
    }
  }

  /** Has an outcome that is returned to who runs the reactor. */
  private static final class Awaited extends Running {
    Awaited(ReactorFibers reactor, Object call) {
      super(reactor, null, null, call, true, false);
    }

    @Override
    protected void ended() {
      markObserved();
      super.ended();
    }
  }

  /** Gives the outcome of the task to a future. */
  private static final class Submitted extends Running {
    private final Submission<?> submission;

    Submitted(ReactorFibers reactor, Object task, boolean computes, Submission<?> submission) {
      super(reactor, null, null, task, computes, false);
      this.submission = submission;
    }

    @Override
    protected void ended() {
      if (submission.ended(this)) {
        markObserved();
      }
      super.ended();
    }
  }
}
