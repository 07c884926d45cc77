// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.queue;

import dev.weft.internal.failure.UncaughtFailures;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The timers of one reactor: a 4-ary heap with lazy re-arming.
 *
 * <p>Most timers never expire: they are disarmed when the operation ends in time. So disarming only
 * clears the deadline and leaves the entry in the heap, and arming it again with a later deadline
 * only stores that. The entry is moved when it reaches the top. Both cost a store or two, however
 * many timers are armed.
 */
public final class TimerQueue {
  /** No deadline. */
  public static final long NEVER = Long.MAX_VALUE;

  /**
   * The deadline of calls that do what can be done without waiting. It has passed, and nothing
   * waits until then.
   */
  public static final long NOW = Long.MIN_VALUE;

  private static final int ARITY_LOG2 = 2;

  /** A timer, which can be armed again and again. */
  public abstract static class Timer {
    /** When it should expire, or {@link #NEVER} while it is disarmed. */
    private long deadline = NEVER;

    /**
     * The timer's key in the heap: at most {@link #deadline}. Meaningless if it is not in the heap.
     */
    private long key;

    private int index = -1;

    /** Called by {@link TimerQueue#expire}; the timer is disarmed by then. */
    protected abstract void expired();

    public final boolean isArmed() {
      return deadline != NEVER;
    }

    public final long deadline() {
      return deadline;
    }
  }

  private @Nullable Timer[] heap = new @Nullable Timer[16];
  private int size;

  /**
   * Arms {@code timer}, or changes its deadline. {@code deadline} is a time of the reactor's clock,
   * in nanoseconds. If memory or stack is short, it throws and changes nothing; after {@link
   * #reserve} memory suffices.
   */
  public void arm(Timer timer, long deadline) {
    reserve(timer);
    if (timer.index < 0) {
      placeUp(timer, deadline, size);
      size++;
    } else if (deadline < timer.key) {
      placeUp(timer, deadline, timer.index);
    }
    timer.deadline = deadline;
  }

  /** Makes room for {@code timer}, so that {@link #arm} can't fail if it is the next one armed. */
  public void reserve(Timer timer) {
    if (timer.index < 0 && size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
  }

  public void disarm(Timer timer) {
    timer.deadline = NEVER;
  }

  /** Disarms {@code timer} and removes it from the heap. */
  public void remove(Timer timer) {
    timer.deadline = NEVER;
    if (timer.index >= 0) {
      removeAt(timer.index);
    }
  }

  /** The deadline of the next armed timer, or {@link #NEVER}. */
  public long nextDeadline() {
    while (size > 0) {
      Timer top = at(0);
      if (top.deadline == NEVER) {
        removeAt(0);
      } else if (top.deadline > top.key) {
        top.key = top.deadline;
        siftDown(top, 0);
      } else {
        return top.deadline;
      }
    }
    return NEVER;
  }

  /**
   * Calls every timer whose deadline is at or before {@code now}, in order; returns how many.
   * {@link UncaughtFailures} gets what a timer throws, and the next is called.
   */
  public int expire(long now) {
    int count = 0;
    while (nextDeadline() <= now && size > 0) {
      Timer top = at(0);
      top.deadline = NEVER;
      removeAt(0);
      count++;
      try {
        top.expired();
      } catch (Throwable e) {
        UncaughtFailures.report(e);
      }
    }
    return count;
  }

  /** The number of entries in the heap, including disarmed ones. */
  public int size() {
    return size;
  }

  private void removeAt(int index) {
    Timer removed = at(index);
    Timer last = at(--size);
    heap[size] = null;
    removed.index = -1;
    if (last != removed) {
      siftDown(last, index);
      if (last.index == index) {
        placeUp(last, last.key, index);
      }
    }
  }

  /**
   * Puts {@code timer} where its key belongs, at {@code from} or above. Calls nothing, so that the
   * stack can't overflow when the heap is half changed.
   */
  private void placeUp(Timer timer, long key, int from) {
    int index = from;
    while (index > 0) {
      int parent = (index - 1) >> ARITY_LOG2;
      Timer above = heap[parent];
      assert above != null;
      if (above.key <= key) {
        break;
      }
      heap[index] = above;
      above.index = index;
      index = parent;
    }
    heap[index] = timer;
    timer.index = index;
    timer.key = key;
  }

  private void siftDown(Timer timer, int from) {
    int index = from;
    while (true) {
      int least = leastChild(index);
      if (least < 0 || at(least).key >= timer.key) {
        break;
      }
      place(at(least), index);
      index = least;
    }
    place(timer, index);
  }

  private int leastChild(int parent) {
    int first = (parent << ARITY_LOG2) + 1;
    if (first >= size) {
      return -1;
    }
    int end = Math.min(first + (1 << ARITY_LOG2), size);
    int least = first;
    for (int child = first + 1; child < end; child++) {
      if (at(child).key < at(least).key) {
        least = child;
      }
    }
    return least;
  }

  private void place(Timer timer, int index) {
    heap[index] = timer;
    timer.index = index;
  }

  private Timer at(int index) {
    Timer timer = heap[index];
    assert timer != null;
    return timer;
  }
}
