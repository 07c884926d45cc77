// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.TaskFailedException;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitList;
import dev.weft.internal.strand.WaitMode;
import org.jspecify.annotations.Nullable;

/**
 * One child of a {@link Bundle}: a fiber, and what it computes. {@link #close} cancels it and waits
 * for its end, so that it can be the resource of a try statement.
 *
 * @param <T> the type of the result
 */
public final class Task<T extends @Nullable Object> implements Awaitable, AutoCloseable {
  static {
    Selectable.IN.register(Task.class, task -> ((Task<?>) task).inside());
  }

  /** How far a task is. */
  public enum State {
    /** Not ended yet; it may have been cancelled already. */
    RUNNING,
    /** Ended with a result. */
    SUCCEEDED,
    /** Ended with an exception. */
    FAILED,
    /** Ended with the exception that a cancel makes suspending calls throw. */
    CANCELLED
  }

  private final FiberState life;

  Task(FiberState life) {
    this.life = life;
  }

  private Selectable inside() {
    return new Selectable() {
      @Override
      public EventLoop loop() {
        return life.reactor.loop();
      }

      @Override
      public WaitList waiters() {
        return life.joiners();
      }

      @Override
      public boolean take() {
        return life.ended;
      }
    };
  }

  /**
   * Whether it has ended.
   *
   * @return true if joining it would not suspend
   */
  @Override
  public boolean isReady() {
    return life.ended;
  }

  /**
   * Waits for the end of the task. Suspends. Any number of fibers may join one. A task that
   * computes nothing, and was cancelled and obeyed, has not failed: joining it returns.
   *
   * @return what it computed
   * @throws TaskFailedException if it failed: the cause is what ended it
   * @throws dev.weft.error.TaskCancelledException if there is no result to return, because it was
   *     cancelled
   * @throws IllegalStateException if the caller is this task, and would wait for itself
   */
  public T join() {
    return join(Deadline.NEVER);
  }

  /**
   * Waits for the end of the task, but not for ever. Suspends.
   *
   * @param deadline until when
   * @return what it computed
   * @throws TaskFailedException if it failed: the cause is what ended it
   * @throws dev.weft.error.TaskCancelledException if there is no result to return, because it was
   *     cancelled
   * @throws IllegalStateException if the caller is this task, and would wait for itself
   * @throws dev.weft.error.DeadlineExceededException if it has not ended by then; it goes on
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // a call of this T has made it; null if T allows it
  public T join(Deadline deadline) {
    Strand joiner = life.requireJoiner("join");
    long effective =
        joiner.checkBeforeWait("join", life.fiber, deadline.nanoTime(), WaitMode.INTERNAL);
    if (life.ended) {
      return (T) life.joined();
    }
    return (T)
        joiner.awaitResult(
            life.joiners(), "join", life.fiber, effective, WaitMode.INTERNAL, Fiber.JOINED);
  }

  /** Cancels this task alone: see {@link Fiber#cancel}. Its bundle takes it for no failure. */
  public void cancel() {
    life.fiber.cancel();
  }

  /**
   * Cancels this task alone and waits until it has ended, whatever happens to the caller meanwhile.
   * Suspends, even in a cancelled fiber. Any fiber of the reactor may close it, as often as it
   * likes. A result that it has, or has in spite of the cancel, is there to be joined.
   *
   * @throws TaskFailedException if it failed, and no other join or close of it has thrown that: the
   *     cause is what ended it. To have been cancelled is not to have failed
   * @throws IllegalStateException if the caller is this task or runs in a bundle of it, and would
   *     wait for itself
   * @throws dev.weft.error.CancelledException if the task waits for the caller in turn, so that
   *     this wait had to be ended; the task has been cancelled
   */
  @Override
  public void close() {
    life.close();
  }

  /**
   * How far it is.
   *
   * @return its state now
   */
  public State state() {
    if (!life.ended) {
      return State.RUNNING;
    }
    if (life.failure == null) {
      return State.SUCCEEDED;
    }
    return life.wasCancelledCleanly() ? State.CANCELLED : State.FAILED;
  }

  /**
   * The fiber that carries it out.
   *
   * @return its fiber
   */
  public Fiber fiber() {
    return life.fiber;
  }

  @Override
  public String toString() {
    return life.fiber + " " + state();
  }
}
