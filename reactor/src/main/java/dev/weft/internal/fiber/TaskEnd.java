// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.fiber;

import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Selectable;
import dev.weft.internal.strand.WaitList;

/** The end of a task, as something to wait for. */
public final class TaskEnd implements Selectable {
  private final FiberState task;

  public TaskEnd(FiberState task) {
    this.task = task;
  }

  @Override
  public EventLoop loop() {
    return task.reactor().loop();
  }

  @Override
  public WaitList waiters() {
    return task.joiners();
  }

  @Override
  public boolean take() {
    return task.hasEnded();
  }

  /**
   * Compares the ends of two tasks that have ended.
   *
   * @return negative if this one ended before {@code other}
   */
  public int compareEnds(TaskEnd other) {
    return task.endNumber() - other.task.endNumber(); // they wrap around
  }
}
