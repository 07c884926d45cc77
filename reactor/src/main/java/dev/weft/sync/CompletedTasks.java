// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import dev.weft.Deadline;
import dev.weft.Task;
import dev.weft.internal.fiber.TaskEnd;
import dev.weft.internal.strand.Selectable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Several tasks in the order in which they end, see {@link Tasks#asCompleted}. Belongs to the
 * reactor of the tasks; several fibers can share one, and each task goes to one of them.
 *
 * <p>A call that has to wait checks all tasks that are left. Leaving the loop early leaves the
 * other tasks as they are: they run on, and the bundle that they are in cancels them when it is
 * closed.
 *
 * @param <T> the type of the results
 */
public final class CompletedTasks<T extends @Nullable Object> {
  private record Entry<T extends @Nullable Object>(Task<T> task, TaskEnd end) {}

  /** The tasks that had not ended when they were checked last. */
  private List<Entry<T>> running = new ArrayList<>();

  /** The tasks that have ended and have not been returned, in the order of their ends. */
  private final Deque<Task<T>> ended = new ArrayDeque<>();

  CompletedTasks(List<Task<T>> tasks) {
    for (int i = 0; i < tasks.size(); i++) {
      Task<T> task = tasks.get(i);
      Selectable end = Objects.requireNonNull(Selectable.IN.of(task));
      running.add(new Entry<>(task, (TaskEnd) end));
    }
  }

  /**
   * Waits for the end of the next task. Suspends unless one has ended.
   *
   * @return a task that has ended, whichever way: its {@link Task#join()} returns or throws without
   *     a wait; null if all have been returned
   */
  public @Nullable Task<T> next() {
    return next(Deadline.NEVER);
  }

  /**
   * Waits for the end of the next task, at most until {@code deadline}. Suspends unless one has
   * ended.
   *
   * @param deadline when to stop waiting
   * @return a task that has ended, whichever way: its {@link Task#join()} returns or throws without
   *     a wait; null if all have been returned
   * @throws dev.weft.error.DeadlineExceededException if none has ended by then; they continue
   */
  public @Nullable Task<T> next(Deadline deadline) {
    while (true) {
      collect();
      Task<T> first = ended.peek();
      if (first == null && running.isEmpty()) {
        return null;
      }
      var _ = Tasks.first(first == null ? tasks() : List.of(first), deadline);
      collect();
      Task<T> next = ended.poll();
      if (next != null) { // otherwise another fiber has taken it
        return next;
      }
    }
  }

  private List<Task<T>> tasks() {
    List<Task<T>> tasks = new ArrayList<>(running.size());
    for (Entry<T> entry : running) {
      tasks.add(entry.task);
    }
    return tasks;
  }

  /** Finds the tasks that have ended. */
  private void collect() {
    List<Entry<T>> found = new ArrayList<>();
    List<Entry<T>> left = new ArrayList<>();
    for (Entry<T> entry : running) {
      (entry.task.isReady() ? found : left).add(entry);
    }
    if (!found.isEmpty()) {
      found.sort((one, other) -> one.end.compareEnds(other.end));
      found.forEach(entry -> ended.add(entry.task));
      running = left;
    }
  }

  @Override
  public String toString() {
    return "completed tasks (" + ended.size() + " ended, " + running.size() + " running)";
  }
}
