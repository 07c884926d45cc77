// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.queue.Clock;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import java.time.Duration;

/**
 * A point in time on the reactor's monotonic clock (CLOCK_MONOTONIC) by which a call must have
 * ended. Unlike a timeout it composes: several calls can share one deadline as one time budget.
 * Immutable; may be used by any thread.
 *
 * <p>A call with a deadline that has passed fails immediately with {@link
 * dev.weft.error.DeadlineExceededException}.
 */
public final class Deadline implements Comparable<Deadline> {
  /** A deadline that never passes. */
  public static final Deadline NEVER = new Deadline(TimerQueue.NEVER);

  /**
   * A deadline that has always passed, with which a call does what can be done without waiting:
   * transfers of sockets, files and pipes, accepts, channels, locks and joins. Otherwise, and for
   * every other deadline that has passed, a call throws a {@link
   * dev.weft.error.DeadlineExceededException} and does nothing.
   */
  public static final Deadline NOW = new Deadline(TimerQueue.NOW);

  private static final Deadline LONG_PAST = new Deadline(TimerQueue.NOW + 1);

  private final long nanoTime;

  private Deadline(long nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * Creates a deadline {@code duration} from now.
   *
   * @param duration how long from now; if zero or negative, the deadline has passed
   * @return the deadline; {@link #NEVER} if the duration exceeds the clock's range, about 292 years
   */
  public static Deadline after(Duration duration) {
    return shifted(clock().nanoTime(), saturatedNanos(duration));
  }

  /**
   * Creates a deadline at a point in time.
   *
   * @param nanoTime in nanoseconds, on the clock of {@link System#nanoTime}; {@link Long#MAX_VALUE}
   *     for {@link #NEVER}
   * @return the deadline, which is never {@link #NOW}
   */
  public static Deadline ofNanoTime(long nanoTime) {
    if (nanoTime == TimerQueue.NEVER) {
      return NEVER;
    }
    return nanoTime == TimerQueue.NOW ? LONG_PAST : new Deadline(nanoTime);
  }

  /**
   * {@return a deadline that is {@code duration} later, or earlier if that is negative; {@link
   * #NEVER} and {@link #NOW} stay what they are}
   *
   * @param duration the difference; beyond the clock's range the result is {@link #NEVER}, or has
   *     passed
   */
  public Deadline plus(Duration duration) {
    if (nanoTime == TimerQueue.NEVER || nanoTime == TimerQueue.NOW) {
      return this;
    }
    return shifted(nanoTime, saturatedNanos(duration));
  }

  private static Deadline shifted(long start, long nanos) {
    long sum = start + nanos;
    if (nanos > 0 && sum < start) {
      return NEVER;
    }
    if (nanos < 0 && sum > start) {
      return LONG_PAST;
    }
    return ofNanoTime(sum);
  }

  /** Converts {@code duration} to nanoseconds, saturating at the limits of long. */
  static long saturatedNanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return duration.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /**
   * {@return the point in time in nanoseconds, on the clock of {@link System#nanoTime}; {@link
   * Long#MAX_VALUE} for {@link #NEVER}}
   */
  public long nanoTime() {
    return nanoTime;
  }

  /**
   * {@return the time left until the deadline: zero if it has passed, about 292 years for {@link
   * #NEVER}}
   */
  public Duration remaining() {
    if (nanoTime == TimerQueue.NEVER) {
      return Duration.ofNanos(Long.MAX_VALUE);
    }
    return hasPassed() ? Duration.ZERO : Duration.ofNanos(nanoTime - clock().nanoTime());
  }

  /** {@return whether the deadline has passed} */
  public boolean hasPassed() {
    return nanoTime != TimerQueue.NEVER && nanoTime <= clock().nanoTime();
  }

  /**
   * {@return the earlier of the two deadlines}
   *
   * @param other the deadline to compare with
   */
  public Deadline min(Deadline other) {
    return compareTo(other) <= 0 ? this : other;
  }

  @Override
  public int compareTo(Deadline other) {
    return Long.compare(nanoTime, other.nanoTime);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Deadline deadline && deadline.nanoTime == nanoTime;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(nanoTime);
  }

  @Override
  public String toString() {
    return nanoTime == TimerQueue.NEVER ? "never" : "in " + remaining();
  }

  private static Clock clock() {
    EventLoop loop = EventLoop.current();
    return loop == null ? Clock.SYSTEM : loop.clock();
  }
}
