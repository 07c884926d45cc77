// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.internal.failure.Failures;
import dev.weft.internal.strand.Scope;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitCompletion;
import dev.weft.internal.strand.WaitMode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A task that runs on a reactor in straight lines: where it would wait, it suspends, and others
 * run. It is a virtual thread, so locks, thread-locals, scoped values, stack traces and blocking
 * calls of the JDK work in it as in any.
 *
 * <p>A fiber whose task has been woven is not: it runs on the reactor's own thread and takes no
 * stack, only some bytes for each call that waits. Calls of Weft mean the same in it. Blocking
 * calls of the JDK hold up the reactor, thread-locals and interrupts are the reactor's, and code
 * that has not been woven can't suspend in it. {@link ReactorOptions#stackful} gives it a thread of
 * its own again.
 *
 * <p>Fibers of one reactor interleave only in calls that suspend: between two of them nothing else
 * of the reactor runs. A fiber must not suspend below a class initialiser or a native frame, nor a
 * woven one below code that is not; it gets a {@link dev.weft.error.PinnedException} there.
 *
 * <p>{@link #close} cancels a fiber and waits for its end, so that it can be the resource of a try
 * statement.
 */
public final class Fiber implements AutoCloseable {
  private final FiberState life;

  Fiber(FiberState life) {
    this.life = life;
  }

  /**
   * Starts a fiber on the current reactor. It runs when the caller next suspends.
   *
   * @param task what it does; what it throws goes to who joins the fiber, or, if nobody is joining
   *     it when it ends, to {@link ReactorOptions#uncaughtExceptionHandler()}
   * @return the fiber
   * @throws WrongThreadException if there is no reactor on this thread
   * @throws CancelledException if the caller is a fiber that has been cancelled
   */
  public static Fiber start(FiberTask task) {
    return begin(null, task);
  }

  /**
   * Starts a fiber with a name.
   *
   * @param name for people, and the name of its thread
   * @param task see {@link #start(FiberTask)}
   * @return the fiber
   * @throws WrongThreadException if there is no reactor on this thread
   * @throws CancelledException if the caller is a fiber that has been cancelled
   */
  public static Fiber start(String name, FiberTask task) {
    return begin(name, task);
  }

  private static Fiber begin(@Nullable String name, FiberTask task) {
    FiberState starter = FiberState.current();
    FiberState life;
    if (starter == null) {
      life = FiberState.of(Reactor.current(), name, task);
    } else {
      Strand.require("start").throwIfCancelled("start", starter.reactor);
      life = FiberState.of(starter.reactor, name, task);
      FiberLocal.inherit(starter, life);
    }
    life.begin(Deadline.NEVER.nanoTime());
    return life.fiber;
  }

  /**
   * The fiber that is running on this thread.
   *
   * @return the caller
   * @throws WrongThreadException if the caller is not a fiber
   */
  public static Fiber current() {
    return FiberState.require("current").fiber;
  }

  /**
   * Lets every other fiber that can run do so first. Suspends. It never starves input and output:
   * completions are looked for after 64 resumed fibers at the latest.
   */
  @SuppressWarnings("NamedLikeContextualKeyword") // the word of the field; it is always qualified
  public static void yield() {
    Strand.require("yield").yieldNow();
  }

  /**
   * Waits for some time. Suspends, even for a duration of zero.
   *
   * @param duration how long
   */
  public static void sleep(Duration duration) {
    sleepUntil(Deadline.after(duration));
  }

  /**
   * Waits until a deadline has come. Suspends, even if it has passed.
   *
   * @param deadline when to go on; for {@link Deadline#NEVER}, only a cancel ends it
   */
  public static void sleepUntil(Deadline deadline) {
    Strand.require("sleep").sleepUntil(deadline.nanoTime());
  }

  /**
   * Throws if the caller has been cancelled: for long computations without a suspending call.
   *
   * @throws CancelledException if so
   */
  public static void checkCancelled() {
    Strand.require("checkCancelled").throwIfCancelled("checkCancelled", "");
  }

  /**
   * Cleans up with calls that may suspend, in a fiber that may be cancelled or past its deadline:
   * inside, neither a cancel nor a deadline or a failed bundle from around it is noticed. They are
   * again afterwards.
   *
   * @param <T> the type of the result
   * @param limit until when the suspending calls inside may wait: a cleanup that hangs must not
   *     hold up the rest for ever
   * @param cleanup what to do
   * @return its result
   * @throws DeadlineExceededException if {@code limit} has ended a call inside; the cause says
   *     which
   * @throws Exception what {@code cleanup} throws else, as it is. Mistakes such as a bundle left
   *     open are suppressed in it
   * @throws IllegalStateException if {@code cleanup} has left a bundle open, which is closed
   */
  public static <T extends @Nullable Object> T shielded(Deadline limit, FiberCall<T> cleanup)
      throws Exception {
    FiberState caller = FiberState.require("shielded");
    Shield shield = new Shield(limit);
    caller.strand().enter(shield);
    return inScope(caller, shield, cleanup);
  }

  /**
   * Makes calls that must all have ended by a deadline, as one call with that deadline would: if it
   * passes first, this throws a {@link DeadlineExceededException}. If it is the deadline of a scope
   * around this call that passes, a {@link ScopeExpiredException} leaves it as it leaves every
   * call. So what is tried again after this time is not tried again once the scope has expired.
   *
   * @param <T> the type of the result
   * @param deadline until when the suspending calls inside may wait
   * @param call what to do; may suspend
   * @return its result
   * @throws DeadlineExceededException if {@code deadline} has ended a call inside; the cause says
   *     which
   * @throws Exception what {@code call} throws else, as it is
   * @throws IllegalStateException if {@code call} has left a bundle open, which is closed
   */
  public static <T extends @Nullable Object> T within(Deadline deadline, FiberCall<T> call)
      throws Exception {
    FiberState caller = FiberState.require("within");
    TimeLimit limit = new TimeLimit(deadline);
    caller.strand().enter(limit);
    return inScope(caller, limit, call);
  }

  /**
   * Makes calls as {@link #within(Deadline, FiberCall)} does, without a result.
   *
   * @param deadline until when the suspending calls inside may wait
   * @param task what to do; may suspend
   * @throws DeadlineExceededException if {@code deadline} has ended a call inside; the cause says
   *     which
   * @throws Exception what {@code task} throws else, as it is
   * @throws IllegalStateException if {@code task} has left a bundle open, which is closed
   */
  public static void within(Deadline deadline, FiberTask task) throws Exception {
    within(deadline, asCall(task));
  }

  /** Makes {@code call} in a scope that {@code caller} has just entered, and leaves that. */
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
   * Cleans up as {@link #shielded(Deadline, FiberCall)} does, without a result.
   *
   * @param limit until when the suspending calls inside may wait
   * @param cleanup what to do
   * @throws DeadlineExceededException if {@code limit} has ended a call inside; the cause says
   *     which
   * @throws Exception what {@code cleanup} throws else, as it is. Mistakes such as a bundle left
   *     open are suppressed in it
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
   * Waits until this fiber has ended. Suspends. Any number of fibers may join one. A fiber that was
   * cancelled and obeyed has not failed: joining it returns.
   *
   * @throws dev.weft.error.TaskFailedException if it ended with an exception, which is the cause
   * @throws IllegalStateException if the caller is this fiber, and would wait for itself
   */
  public void join() {
    join(Deadline.NEVER);
  }

  /**
   * Waits until this fiber has ended, but not for ever. Suspends.
   *
   * @param deadline until when
   * @throws dev.weft.error.TaskFailedException if it ended with an exception, which is the cause
   * @throws IllegalStateException if the caller is this fiber, and would wait for itself
   * @throws dev.weft.error.DeadlineExceededException if it has not ended by then; it goes on
   */
  public void join(Deadline deadline) {
    Strand joiner = life.requireJoiner("join");
    long effective = joiner.checkBeforeWait("join", this, deadline.nanoTime(), WaitMode.INTERNAL);
    if (life.ended) {
      life.joined();
      return;
    }
    joiner.awaitUntil(life.joiners(), "join", this, effective, WaitMode.INTERNAL, JOINED);
  }

  /** Makes what was joined return its result or throw. */
  static final WaitCompletion JOINED =
      new WaitCompletion() {
        @Override
        public @Nullable Object resultOf(Strand strand, boolean suspended) {
          strand.waited(suspended);
          return ((Fiber) strand.waitSubject()).life.joined();
        }
      };

  /**
   * Cancels this fiber: the suspending call that it is in, and each later one, throws {@link
   * CancelledException}. An operation that has completed all the same wins: its result is returned,
   * and the next call throws. If the fiber has a thread of its own, that is interrupted as well,
   * which ends blocking calls of the JDK. Does nothing if the fiber has ended.
   */
  public void cancel() {
    life.strand().loop.requireThread("cancel", this);
    if (!life.ended) {
      life.strand().cancel();
    }
  }

  /**
   * Cancels this fiber and waits until it has ended, whatever happens to the caller meanwhile.
   * Suspends, even in a cancelled fiber. Any fiber of the reactor may close it, as often as it
   * likes.
   *
   * @throws dev.weft.error.TaskFailedException if it failed, and no other join or close of it has
   *     thrown that: the cause is what ended it. To have been cancelled is not to have failed
   * @throws IllegalStateException if the caller is this fiber or runs in a bundle of it, and would
   *     wait for itself
   * @throws CancelledException if this fiber waits for the caller in turn, so that the wait had to
   *     be ended; this fiber has been cancelled
   */
  @Override
  public void close() {
    life.close();
  }

  /**
   * Whether the fiber has been cancelled.
   *
   * @return true from the first {@link #cancel} on
   */
  public boolean isCancelled() {
    return life.strand().isCancelled();
  }

  /**
   * Whether the fiber has ended, in whatever way.
   *
   * @return true if it will never run again
   */
  public boolean isDone() {
    return life.ended;
  }

  /**
   * A number of its own among the fibers of its reactor.
   *
   * @return from 1
   */
  public long id() {
    return life.id;
  }

  /**
   * The fiber's name.
   *
   * @return as given, or {@code fiber-} and its number
   */
  public String name() {
    return life.name != null ? life.name : "fiber-" + life.id;
  }

  /**
   * What the fiber is waiting for, for people.
   *
   * @return such as {@code receive 127.0.0.1:7}; empty if it is not waiting
   */
  public String waitingFor() {
    return life.strand().waitingFor();
  }

  /**
   * Where the fiber is.
   *
   * @return its frames, innermost first; empty if it has ended
   */
  public StackTraceElement[] stackTrace() {
    return life.strand().stackTrace();
  }

  /**
   * The virtual thread that the fiber is, for tools. Any thread.
   *
   * @return a started thread; of a fiber that has none of its own, the reactor's
   */
  public Thread thread() {
    return life.strand().thread();
  }

  @Override
  public String toString() {
    return name();
  }
}
