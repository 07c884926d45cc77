// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.internal.cross.CrossThreadCondition;
import dev.weft.internal.cross.CrossThreadLatch;
import dev.weft.routine.Blocks;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Waits for several tasks of a reactor, or for futures of other threads. */
public final class Tasks {
  private Tasks() {}

  /**
   * Waits for the end of all tasks. Suspends.
   *
   * @param <T> the type of the results
   * @param tasks tasks of this reactor
   * @return their results, in the order of the tasks
   * @throws dev.weft.error.TaskFailedException if one failed: the first of them in the list; the
   *     others continue
   * @throws dev.weft.error.TaskCancelledException if one has no result, because it was cancelled
   */
  public static <T extends @Nullable Object> List<T> all(List<Task<T>> tasks) {
    return all(tasks, Deadline.NEVER);
  }

  /**
   * Waits for the end of all tasks, at most until {@code deadline}. Suspends.
   *
   * @param <T> the type of the results
   * @param tasks tasks of this reactor
   * @param deadline when to stop waiting
   * @return their results, in the order of the tasks
   * @throws dev.weft.error.TaskFailedException if one failed: the first of them in the list; the
   *     others continue
   * @throws dev.weft.error.TaskCancelledException if one has no result, because it was cancelled
   * @throws dev.weft.error.DeadlineExceededException if they have not ended by then; they continue
   */
  public static <T extends @Nullable Object> List<T> all(List<Task<T>> tasks, Deadline deadline) {
    List<T> results = new ArrayList<>(tasks.size());
    for (int i = 0; i < tasks.size(); i++) {
      results.add(tasks.get(i).join(deadline));
    }
    return results;
  }

  /**
   * Waits until one of several tasks has ended, whichever way. Suspends unless one has.
   *
   * @param <T> the type of the results
   * @param tasks at least one task, of this reactor
   * @return the one that has ended; the first in the list if several have
   */
  public static <T extends @Nullable Object> Task<T> first(List<Task<T>> tasks) {
    return first(tasks, Deadline.NEVER);
  }

  /**
   * Waits until one of several tasks has ended, whichever way, at most until {@code deadline}.
   * Suspends unless one has.
   *
   * @param <T> the type of the results
   * @param tasks at least one task, of this reactor
   * @param deadline when to stop waiting
   * @return the one that has ended; the first in the list if several have
   * @throws dev.weft.error.DeadlineExceededException if none has ended by then; they continue
   */
  public static <T extends @Nullable Object> Task<T> first(List<Task<T>> tasks, Deadline deadline) {
    if (tasks.isEmpty()) {
      throw new IllegalArgumentException("there is no task to wait for");
    }
    Choose<Task<T>> choose = Choose.inOrder();
    for (int i = 0; i < tasks.size(); i++) {
      Task<T> task = tasks.get(i);
      choose.ready(task, () -> task);
    }
    return choose.await(deadline);
  }

  /**
   * Gives several tasks in the order in which they end, for loops. Tasks that have ended before
   * come first, in that order too.
   *
   * <p>
   *
   * {@snippet :
   * CompletedTasks<Page> pages = Tasks.asCompleted(downloads);
   * for (Task<Page> next; (next = pages.next()) != null; ) {
   *   show(next.join());
   * }
   * }
   *
   * @param <T> the type of the results
   * @param tasks tasks of this reactor
   * @return the tasks, whose {@code next} suspends
   */
  public static <T extends @Nullable Object> CompletedTasks<T> asCompleted(List<Task<T>> tasks) {
    return new CompletedTasks<>(tasks);
  }

  /**
   * Waits for a future of another thread, such as one of the JDK's HTTP client. Suspends a fiber,
   * blocks a thread. A wait that ends early does not cancel the future.
   *
   * @param <T> the type of the result
   * @param stage the future
   * @return its result
   * @throws java.util.concurrent.CompletionException if it failed; the cause is its failure
   * @throws java.util.concurrent.CancellationException if it was cancelled
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  public static <T extends @Nullable Object> T await(CompletionStage<T> stage) {
    return await(stage, Deadline.NEVER);
  }

  /**
   * Waits for a future of another thread, at most until {@code deadline}. Suspends a fiber, blocks
   * a thread. A wait that ends early does not cancel the future.
   *
   * @param <T> the type of the result
   * @param stage the future
   * @param deadline when to stop waiting
   * @return its result
   * @throws java.util.concurrent.CompletionException if it failed; the cause is its failure
   * @throws java.util.concurrent.CancellationException if it was cancelled
   * @throws dev.weft.error.DeadlineExceededException if it is not done by then
   * @throws dev.weft.error.CancelledException if the fiber is cancelled or the thread interrupted
   * @throws WrongThreadException on a reactor's thread outside of its fibers
   */
  @Blocks // only in join, which finds it done
  public static <T extends @Nullable Object> T await(CompletionStage<T> stage, Deadline deadline) {
    CompletableFuture<T> future = stage.toCompletableFuture();
    CrossThreadCondition.checkBeforeWait("await", stage, deadline.nanoTime());
    if (!future.isDone()) {
      CrossThreadLatch done = new CrossThreadLatch();
      var _ = future.whenComplete((result, failure) -> done.release());
      done.await("await", stage, deadline.nanoTime());
    }
    return future.join();
  }
}
