// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.EventLoop;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.time.Duration;

/**
 * Points in time at equal distances, for what is done periodically. Ticks keep to their times
 * however long the work between them takes: one that comes late does not delay the next, and those
 * that were missed become one, with their number. A ticker holds no timer unless a fiber waits for
 * it, and needs no close. It belongs to one reactor.
 *
 * <p>
 *
 * {@snippet :
 * Ticker ticker = Ticker.every(Duration.ofSeconds(1));
 * while (true) {
 *   long ticks = ticker.await(); // 1 unless the last report took longer than a second
 *   report(ticks);
 * }
 * }
 */
public final class Ticker {
  private final EventLoop loop = EventLoop.require("make a ticker");
  private final long period;

  /** The time of the next tick. */
  private long next;

  private Ticker(long period, long next) {
    this.period = period;
    this.next = next;
  }

  /**
   * Creates a ticker whose first tick comes after one period.
   *
   * @param period the distance of the ticks, more than zero, at most about 292 years
   * @return a ticker of the current reactor
   */
  public static Ticker every(Duration period) {
    return every(period, Deadline.after(period));
  }

  /**
   * Creates a ticker.
   *
   * @param period the distance of the ticks, more than zero, at most about 292 years
   * @param first when the first tick comes; it may have passed, but neither {@link Deadline#NEVER}
   *     nor {@link Deadline#NOW}
   * @return a ticker of the current reactor
   */
  public static Ticker every(Duration period, Deadline first) {
    long nanos = Deadline.saturatedNanos(period);
    if (nanos <= 0) {
      throw new IllegalArgumentException("period must be more than zero: " + period);
    }
    if (first.equals(Deadline.NEVER) || first.equals(Deadline.NOW)) {
      throw new IllegalArgumentException("the first tick needs a time, not " + first);
    }
    return new Ticker(nanos, first.nanoTime());
  }

  /**
   * Waits for the next tick. Suspends unless its time has come.
   *
   * @return how many ticks have come since the last one that was returned, at least 1
   */
  public long await() {
    return await(Deadline.NEVER);
  }

  /**
   * Waits for the next tick, at most until {@code deadline}. Suspends unless its time has come.
   *
   * @param deadline when to stop waiting
   * @return how many ticks have come since the last one that was returned, at least 1
   * @throws DeadlineExceededException if the deadline comes before the tick, which is not lost
   */
  public long await(Deadline deadline) {
    Strand strand = Strand.requireOf(loop, "await", this);
    long limit = deadline.nanoTime();
    strand.checkBeforeWait("await", this, limit, WaitMode.EXTERNAL);
    long tick = next;
    if (loop.clock().nanoTime() < tick) {
      if (limit == TimerQueue.NOW) {
        throw exceeded();
      }
      strand.sleepUntil(Math.min(tick, limit));
      if (limit < tick) {
        throw exceeded();
      }
    }
    return take();
  }

  private DeadlineExceededException exceeded() {
    return new DeadlineExceededException("await " + this + ": deadline exceeded");
  }

  /** Counts the ticks that have come; at least one has. */
  private long take() {
    long late = loop.clock().nanoTime() - next;
    long ticks = 1 + Math.max(late, 0) / period;
    next += ticks * period;
    return ticks;
  }

  /** {@return when the next tick comes, for example for a {@link dev.weft.sync.Choose}} */
  public Deadline next() {
    return Deadline.ofNanoTime(next);
  }

  @Override
  public String toString() {
    return "ticker of " + Duration.ofNanos(period);
  }
}
