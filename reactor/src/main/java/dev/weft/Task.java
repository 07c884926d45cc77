// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.TaskFailedException;
import dev.weft.internal.fiber.FiberState;
import dev.weft.internal.fiber.TaskEnd;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import org.jspecify.annotations.Nullable;

/**
 * Handle of a child of a {@link Bundle}: its fiber and its result. {@link #close} cancels it and
 * waits until it has ended, so a task can be the resource of a try-with-resources statement.
 *
 * @param <T> the type of the result
 */
public final class Task<T extends @Nullable Object> implements Awaitable, AutoCloseable {
  static {
    Selectable.IN.register(Task.class, task -> new TaskEnd(task.state));
  }

  /** The state of a task. */
  public enum State {
    /** Not ended; it may have been cancelled. */
    RUNNING,
    /** Ended with a result. */
    SUCCEEDED,
    /** Ended with an exception. */
    FAILED,
    /** Ended with the exception that a cancel makes suspending calls throw. */
    CANCELLED
  }

  private final FiberState state;

  Task(FiberState state) {
    this.state = state;
  }

  /** {@return whether the task has ended, so that joining it would not suspend} */
  @Override
  public boolean isReady() {
    return state.hasEnded();
  }

  /**
   * Waits for the end of the task. Suspends. Any number of fibers may join one. If a task without a
   * result ended because it was cancelled, it has not failed, and join returns.
   *
   * @return the task's result
   * @throws TaskFailedException if it failed; the cause is the exception that ended it
   * @throws dev.weft.error.TaskCancelledException if there is no result, because the task was
   *     cancelled
   * @throws IllegalStateException if the caller is this task, and would wait for itself
   */
  public T join() {
    return join(Deadline.NEVER);
  }

  /**
   * Waits for the end of the task, at most until {@code deadline}. Suspends.
   *
   * @param deadline when to stop waiting
   * @return the task's result
   * @throws TaskFailedException if it failed; the cause is the exception that ended it
   * @throws dev.weft.error.TaskCancelledException if there is no result, because the task was
   *     cancelled
   * @throws IllegalStateException if the caller is this task, and would wait for itself
   * @throws dev.weft.error.DeadlineExceededException if it has not ended by then; it continues
   */
  @SuppressWarnings({"unchecked", "NullAway"}) // null only if T allows it
  public T join(Deadline deadline) {
    Strand joiner = state.requireJoiner("join");
    long effective =
        joiner.checkBeforeWait("join", state.fiber(), deadline.nanoTime(), WaitMode.INTERNAL);
    if (state.hasEnded()) {
      return (T) state.joined();
    }
    return (T)
        joiner.awaitResult(
            state.joiners(), "join", state.fiber(), effective, WaitMode.INTERNAL, Fiber.JOINED);
  }

  /**
   * Cancels this task alone: see {@link Fiber#cancel}. Its bundle does not treat this as a failure.
   */
  public void cancel() {
    fiber().cancel();
  }

  /**
   * Cancels this task alone and waits until it has ended, even if the caller is cancelled
   * meanwhile. Suspends, even in a cancelled fiber. Any fiber of the reactor may close it, any
   * number of times. If the task has a result all the same, {@link #join()} still returns it.
   *
   * @throws TaskFailedException if it failed, and no other join or close of it has thrown the
   *     failure, which is the cause. Ending because of a cancel is not a failure
   * @throws IllegalStateException if the caller is this task or runs in a bundle of it, and would
   *     wait for itself
   * @throws dev.weft.error.CancelledException if the task waits for the caller, so that this wait
   *     was ended to break the deadlock; the task has been cancelled
   */
  @Override
  public void close() {
    state.close();
  }

  /** {@return the current state} */
  public State state() {
    if (!state.hasEnded()) {
      return State.RUNNING;
    }
    if (state.failure() == null) {
      return State.SUCCEEDED;
    }
    return state.wasCancelledCleanly() ? State.CANCELLED : State.FAILED;
  }

  /** {@return the fiber that runs the task} */
  public Fiber fiber() {
    return (Fiber) state.fiber();
  }

  @Override
  public String toString() {
    return state + " " + state();
  }
}
