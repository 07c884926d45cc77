// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Ticker;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Tickers on the virtual clock, which stands still while a fiber runs. */
class TickerTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private static void run(FiberTask task) {
    Simulation.seed(1).run(task);
  }

  /**
   * Checks how much time has passed since {@code start}: the events of a simulation take a little.
   */
  private static void assertSeconds(long expected, long start) {
    assertEquals(expected, (Deadline.after(Duration.ZERO).nanoTime() - start) / SECOND.toNanos());
  }

  /** How a wait ends. JUnit's assertThrows is not woven, so that nothing can suspend in it. */
  private static String outcome(Ticker ticker, Deadline deadline) {
    try {
      return ticker.await(deadline) + " ticks";
    } catch (DeadlineExceededException e) {
      return "exceeded";
    } catch (CancelledException e) {
      return "cancelled";
    }
  }

  @Test
  void ticksKeepToTheirTimes() {
    run(
        () -> {
          long start = Deadline.after(Duration.ZERO).nanoTime();
          Ticker ticker = Ticker.every(SECOND);
          for (int i = 1; i <= 100; i++) {
            assertEquals(1, ticker.await());
            Fiber.sleep(Duration.ofMillis(700)); // work that delays no tick
            assertSeconds(i, start);
          }
        });
  }

  @Test
  void missedTicksBecomeOne() {
    run(
        () -> {
          long start = Deadline.after(Duration.ZERO).nanoTime();
          Ticker ticker = Ticker.every(SECOND);
          Fiber.sleep(Duration.ofMillis(3_500));
          assertEquals(3, ticker.await());
          assertSeconds(3, start);
          assertEquals(1, ticker.await());
          assertSeconds(4, start);
        });
  }

  @Test
  void aDeadlineBeforeTheTickLosesNothing() {
    run(
        () -> {
          long start = Deadline.after(Duration.ZERO).nanoTime();
          Ticker ticker = Ticker.every(Duration.ofSeconds(10));
          assertEquals("exceeded", outcome(ticker, Deadline.NOW));
          assertEquals("exceeded", outcome(ticker, Deadline.after(SECOND)));
          assertSeconds(1, start);
          assertEquals(1, ticker.await(Deadline.after(SECOND.multipliedBy(20))));
          assertSeconds(10, start);
          Fiber.sleepUntil(ticker.next());
          assertEquals(1, ticker.await(Deadline.NOW));
        });
  }

  @Test
  void theFirstTickComesWhenItIsSaidTo() {
    run(
        () -> {
          long start = Deadline.after(Duration.ZERO).nanoTime();
          Ticker ticker =
              Ticker.every(SECOND, Deadline.ofNanoTime(start).plus(SECOND.dividedBy(2)));
          assertEquals(1, ticker.await());
          assertSeconds(0, start);
          Ticker late = Ticker.every(SECOND, Deadline.ofNanoTime(start).plus(SECOND.negated()));
          assertEquals(2, late.await());
        });
  }

  @Test
  void aCancelEndsTheWait() {
    run(
        () -> {
          Fiber waiter =
              Fiber.start(
                  () -> assertEquals("cancelled", outcome(Ticker.every(SECOND), Deadline.NEVER)));
          Fiber.yield();
          waiter.cancel();
          waiter.join();
        });
  }

  @Test
  void badArgumentsAreRefused() {
    run(
        () -> {
          assertThrows(IllegalArgumentException.class, () -> Ticker.every(Duration.ZERO));
          assertThrows(IllegalArgumentException.class, () -> Ticker.every(SECOND.negated()));
          assertThrows(IllegalArgumentException.class, () -> Ticker.every(SECOND, Deadline.NEVER));
          assertThrows(IllegalArgumentException.class, () -> Ticker.every(SECOND, Deadline.NOW));
        });
    assertThrows(WrongThreadException.class, () -> Ticker.every(SECOND));
  }
}
