// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Coroutine;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The order of wake-ups. On the simulated clock, since the real one may pass several deadlines
 * between two turns.
 */
class SleepTest {
  private static final int SEEDS = 50;

  private static void simulate(FiberTask task) {
    Simulation.seeds(SEEDS).check(task);
  }

  /** Starts a coroutine that never yields, and awaits it. */
  private static void run(Coroutine.Body<Void, Void, Boolean> body) {
    Coroutine<Void, Void, Boolean> coroutine = Coroutine.of(body);
    coroutine.start();
    assertTrue(coroutine.result());
  }

  private static List<Integer> sleepSort(int... numbers) {
    List<Integer> log = new ArrayList<>();
    try (Bundle sleepers = Bundle.open()) {
      for (int number : numbers) {
        Deadline deadline = Deadline.after(Duration.ofMillis(number));
        sleepers.go(
            () -> {
              Fiber.sleepUntil(deadline);
              assertEquals(Duration.ZERO, deadline.remaining());
              log.add(number);
            });
      }
      sleepers.await();
    }
    return log;
  }

  @Test
  void sleepersWakeInTheOrderOfTheirDeadlines() {
    simulate(() -> assertEquals(List.of(0, 10, 20, 30), sleepSort(30, 10, 20, 0)));
  }

  /** libdill threads. */
  @Test
  void reactorsOfTwoThreadsRunTheirFibersIndependently() throws Exception {
    FiberTask sleepers = () -> assertEquals(List.of(1, 2, 3), sleepSort(3, 1, 2));
    FutureTask<Void> other = new FutureTask<>(() -> simulate(sleepers), null);
    Thread.ofPlatform().start(other);
    simulate(sleepers);
    other.get();
  }

  /** aio concurrent sleep, and aio concurrent sleep env. */
  @Test
  @Tag("needs-stack") // in the bodies of coroutines
  void sleepsOfCoroutinesOverlap() {
    simulate(
        () -> {
          List<String> ended = new ArrayList<>();
          Deadline soon = Deadline.after(Duration.ofMillis(10));
          Deadline later = Deadline.after(Duration.ofMillis(20));
          try (Bundle both = Bundle.open()) {
            both.go(() -> run(out -> sleepAndNote("later", later, ended)));
            both.go(() -> run(out -> sleepAndNote("soon", soon, ended)));
            both.await();
          }
          assertEquals(List.of("soon", "later"), ended);
          assertEquals(later, Deadline.after(Duration.ZERO), "one sleep after the other");
        });
  }

  private static boolean sleepAndNote(String name, Deadline until, List<String> ended) {
    Fiber.sleepUntil(until);
    return ended.add(name);
  }

  /** aio timers. */
  @Test
  @Tag("needs-stack") // in the bodies of coroutines
  void aFastAndASlowLoopInterleave() {
    simulate(
        () -> {
          int[] fastTicks = {0};
          try (Bundle loops = Bundle.open()) {
            loops.go(() -> run(out -> tick(10, 10, () -> fastTicks[0]++)));
            loops.go(() -> run(out -> tick(20, 10, new Slow(fastTicks))));
            loops.await();
          }
          assertEquals(10, fastTicks[0]);
        });
  }

  private static boolean tick(int periodMillis, int times, Runnable action) {
    for (int i = 0; i < times; i++) {
      Fiber.sleep(Duration.ofMillis(periodMillis));
      action.run();
    }
    return true;
  }

  /** Checks at each of its ticks how far the fast loop, with half the period, has got. */
  private static final class Slow implements Runnable {
    private final int[] fastTicks;
    private int ticks;

    Slow(int[] fastTicks) {
      this.fastTicks = fastTicks;
    }

    @Override
    public void run() {
      int due = Math.min(2 * ++ticks, 10);
      boolean both = due < 10 || ticks == 5; // at the same instant either may be first
      assertTrue(
          fastTicks[0] == due || (both && fastTicks[0] == due - 1), fastTicks[0] + " " + due);
    }
  }

  @Test
  void aTimeoutAtTheDeadlineIsChosen() {
    simulate(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Deadline both = Deadline.after(Duration.ofMillis(10));
          Choose<Integer> choose =
              Choose.<Integer>create().receive(channel, v -> v).timeout(both, () -> -1);
          assertEquals(-1, choose.await(both));
        });
  }
}
