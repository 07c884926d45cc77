// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.util.Comparator;
import java.util.PriorityQueue;

/** Virtual time, and what is going to happen in it. */
final class VirtualClock {
  /** What happens at a time, those of the same time in the order in which they were noted. */
  private record Event(long due, long number, Runnable action) {}

  static final long NEVER = Long.MAX_VALUE;

  private final PriorityQueue<Event> events =
      new PriorityQueue<>(
          Comparator.comparingLong(Event::due).thenComparingLong(event -> event.number));

  private long now;
  private long noted;

  long now() {
    return now;
  }

  void at(long due, Runnable action) {
    events.add(new Event(Math.max(due, now), ++noted, action));
  }

  long nextDue() {
    Event next = events.peek();
    return next == null ? NEVER : next.due;
  }

  void advanceTo(long time) {
    assert time >= now : time;
    now = time;
  }

  /** Has happen what is due now, what that leads to at once included. */
  void run() {
    for (Event next; (next = events.peek()) != null && next.due <= now; ) {
      events.poll();
      next.action.run();
    }
  }
}
