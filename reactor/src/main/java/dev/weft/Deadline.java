// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.queue.Clock;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import java.time.Duration;

/**
 * A point on the monotonic clock of the reactor, CLOCK_MONOTONIC, by which a call must have ended.
 * Unlike a timeout it composes: one deadline handed down through many calls is one budget.
 * Immutable; any thread.
 *
 * <p>A call with a deadline that has passed fails at once with {@link
 * dev.weft.error.DeadlineExceededException}.
 */
public final class Deadline implements Comparable<Deadline> {
  /** Never comes. */
  public static final Deadline NEVER = new Deadline(TimerQueue.NEVER);

  /** Has always passed. */
  public static final Deadline NOW = new Deadline(Long.MIN_VALUE);

  private final long nanoTime;

  private Deadline(long nanoTime) {
    this.nanoTime = nanoTime;
  }

  /**
   * The deadline that comes when {@code duration} from now has gone by.
   *
   * @param duration zero or less makes a deadline that has passed
   * @return {@link #NEVER} if the duration is longer than the clock can count, about 292 years
   */
  public static Deadline after(Duration duration) {
    long nanos = saturatedNanos(duration);
    long now = clock().nanoTime();
    long deadline = now + nanos;
    if (nanos > 0 && deadline < now) {
      return NEVER;
    }
    if (nanos < 0 && deadline > now) {
      return NOW;
    }
    return new Deadline(deadline);
  }

  /** {@code duration} in nanoseconds, or the nearest that a long can hold. */
  static long saturatedNanos(Duration duration) {
    try {
      return duration.toNanos();
    } catch (ArithmeticException e) {
      return duration.isNegative() ? Long.MIN_VALUE : Long.MAX_VALUE;
    }
  }

  /**
   * The point itself, on the clock of {@link System#nanoTime}.
   *
   * @return nanoseconds; {@link Long#MAX_VALUE} for {@link #NEVER}
   */
  public long nanoTime() {
    return nanoTime;
  }

  /**
   * How long until it comes.
   *
   * @return zero if it has passed; 292 years for {@link #NEVER}
   */
  public Duration remaining() {
    if (nanoTime == TimerQueue.NEVER) {
      return Duration.ofNanos(Long.MAX_VALUE);
    }
    return hasPassed() ? Duration.ZERO : Duration.ofNanos(nanoTime - clock().nanoTime());
  }

  /**
   * Whether it has come.
   *
   * @return true from then on
   */
  public boolean hasPassed() {
    return nanoTime != TimerQueue.NEVER && nanoTime <= clock().nanoTime();
  }

  /**
   * The nearer of two deadlines.
   *
   * @param other the other one
   * @return this or {@code other}
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
