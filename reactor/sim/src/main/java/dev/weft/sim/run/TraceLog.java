// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.run;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** The events of a run: the last {@value #EVENTS_MAX}, and a digest of all. */
public final class TraceLog {
  private static final int EVENTS_MAX = 2000;

  private record Event(long turn, long nanos, String who, String what, int number) {
    @Override
    public String toString() {
      String time = String.format("turn %d at %.6f s: ", turn, nanos / 1e9);
      return time + who + " " + what + (number == NO_NUMBER ? "" : " " + number);
    }
  }

  private static final int NO_NUMBER = Integer.MIN_VALUE;

  private final Deque<Event> last = new ArrayDeque<>();
  private long count;
  private long digest;
  private long turn;
  private long nanos;

  TraceLog() {}

  void turned() {
    turn++;
  }

  void add(long nanos, String who, String what) {
    add(nanos, who, what, NO_NUMBER);
  }

  void add(long nanos, String who, String what, int number) {
    this.nanos = nanos;
    count++;
    if (last.size() == EVENTS_MAX) {
      last.removeFirst();
    }
    last.addLast(new Event(turn, nanos, who, what, number));
    digest = digest * 31 + turn;
    digest = digest * 31 + nanos;
    digest = digest * 31 + who.hashCode();
    digest = digest * 31 + what.hashCode();
    digest = digest * 31 + number;
  }

  /** How many turns of the reactor there were. */
  public long turns() {
    return turn;
  }

  /** How many events there were, including those that are not kept. */
  public long events() {
    return count;
  }

  /** A digest of all events. */
  public long digest() {
    return digest;
  }

  /** When the last event happened: virtual time since the start. */
  public Duration elapsed() {
    return Duration.ofNanos(nanos);
  }

  /** The last events, at most {@code most}, oldest first, one a line. */
  public List<String> lastEvents(int most) {
    return last.stream().skip(Math.max(0, last.size() - most)).map(Event::toString).toList();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof TraceLog log
        && log.digest == digest
        && log.count == count
        && log.turn == turn;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(digest);
  }

  @Override
  public String toString() {
    return String.join("\n", lastEvents(EVENTS_MAX));
  }
}
