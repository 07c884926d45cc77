// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.env;

import java.util.Comparator;
import java.util.PriorityQueue;

/** Virtual time, and the queue of future events. */
public final class VirtualClock {
  /** An event; events of the same time happen in the order in which they were added. */
  private record Event(long time, long number, Runnable action) {}

  public static final long NEVER = Long.MAX_VALUE;

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          Comparator.comparingLong(Event::time).thenComparingLong(event -> event.number));

  private long now;
  private long noted;

  public long now() {
    return now;
  }

  public void at(long time, Runnable action) {
    events.add(new Event(Math.max(time, now), ++noted, action));
  }

  public long nextTime() {
    Event next = events.peek();
    return next == null ? NEVER : next.time;
  }

  public void advanceTo(long time) {
    assert time >= now : time;
    now = time;
  }

  /** Runs the events of the current time, including those that these add for it. */
  public void run() {
    for (Event next; (next = events.peek()) != null && next.time <= now; ) {
      events.poll();
      next.action.run();
    }
  }
}
