// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.error.TaskFailedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Bundles and tasks: no child outlives its scope, and no failure is lost. */
final class BundleScenarios {
  private static final int DEPTH_MAX = 3;

  private BundleScenarios() {}

  private static Duration someTime(RandomGenerator random) {
    return Duration.ofNanos(random.nextLong(2_000_000));
  }

  /** Counts running fibers, to detect a scope that ends before its children. */
  private static final class Population {
    int alive;
    int started;
  }

  private static final class Expected extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  static void randomTree() throws Exception {
    Population population = new Population();
    Simulation.afterEachTurn(() -> assertTrue(population.alive >= 0));
    try {
      node(population, 0);
    } catch (Expected
        | TaskFailedException
        | CancelledException
        | DeadlineExceededException
        | ScopeExpiredException e) {
      // expected: its children may fail
    }
    assertEquals(0, population.alive, "every bundle has waited for its children");
    assertTrue(population.started > 0);
  }

  private static void node(Population population, int depth) throws Exception {
    RandomGenerator random = Simulation.random();
    population.alive++;
    population.started++;
    int[] children = new int[1];
    try {
      if (depth < DEPTH_MAX && random.nextInt(4) != 0) {
        try (Bundle bundle = bundle(random)) {
          children(bundle, population, children, depth);
          if (random.nextInt(4) == 0) {
            bundle.cancel();
          } else if (random.nextInt(4) == 0) {
            bundle.await(Deadline.after(someTime(random)));
          } else if (random.nextBoolean()) {
            bundle.await();
          }
        } finally {
          assertEquals(0, children[0], "a child has outlived its bundle");
        }
      }
      act(random);
    } finally {
      population.alive--;
    }
  }

  private static Bundle bundle(RandomGenerator random) {
    return switch (random.nextInt(3)) {
      case 0 -> Bundle.open();
      case 1 -> Bundle.open(Deadline.after(someTime(random)));
      default -> Bundle.supervising(failure -> assertFalse(failure instanceof AssertionError));
    };
  }

  private static void children(Bundle bundle, Population population, int[] alive, int depth) {
    RandomGenerator random = Simulation.random();
    List<Task<?>> tasks = new ArrayList<>();
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      tasks.add(
          bundle.go(
              () -> {
                alive[0]++;
                try {
                  node(population, depth + 1);
                } finally {
                  alive[0]--;
                }
              }));
    }
    if (random.nextInt(3) == 0) {
      tasks.get(random.nextInt(count)).cancel();
    }
    if (random.nextInt(4) == 0) {
      try {
        tasks.get(random.nextInt(count)).join(Deadline.after(someTime(random)));
      } catch (TaskFailedException | DeadlineExceededException e) {
        // expected: the child may fail
      }
    }
  }

  private static void act(RandomGenerator random) throws Exception {
    switch (random.nextInt(6)) {
      case 0 -> Fiber.yield();
      case 1, 2 -> Fiber.sleep(someTime(random));
      case 3 -> {
        Duration time = someTime(random);
        Deadline end = Deadline.after(time);
        Fiber.shielded(Deadline.after(Duration.ofSeconds(1)), () -> Fiber.sleep(time));
        assertTrue(end.hasPassed(), "nothing ends a shielded sleep");
      }
      case 4 -> throw new Expected();
      default -> {}
    }
  }

  /** A wait ends at the earliest of the deadlines around it, never earlier, and not much later. */
  static void deadlinesAndShields() throws Exception {
    RandomGenerator random = Simulation.random();
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < 5; i++) {
        Deadline outer = Deadline.after(someTime(random));
        Deadline inner = Deadline.after(someTime(random));
        Deadline sleep = Deadline.after(someTime(random));
        bundle.go(() -> sleepWithin(outer, inner, sleep));
      }
      bundle.await();
    }
  }

  private static void sleepWithin(Deadline outer, Deadline inner, Deadline sleep) {
    Deadline nearest = outer.min(inner);
    boolean slept = false;
    try (Bundle _ = Bundle.open(outer);
        Bundle _ = Bundle.open(inner)) {
      Fiber.sleepUntil(sleep);
      slept = true;
      assertTrue(sleep.hasPassed());
    } catch (ScopeExpiredException e) {
      assertTrue(slept || nearest.hasPassed(), "no deadline had passed");
      assertTrue(
          nearest.compareTo(sleep) <= 0 || nearest.hasPassed(),
          "the sleep should have ended first");
      return;
    }
    assertTrue(slept);
  }

  /**
   * A task that has a result when it is cancelled keeps it; one without a result never gets one.
   */
  static void cancelRacesCompletion() {
    RandomGenerator random = Simulation.random();
    try (Bundle bundle = Bundle.supervising(failure -> {})) {
      for (int i = 0; i < 6; i++) {
        boolean[] over = new boolean[1];
        Duration work = someTime(random);
        Task<Integer> task =
            bundle.go(
                () -> {
                  Fiber.sleep(work);
                  over[0] = true;
                  return 7;
                });
        Duration limit = someTime(random);
        bundle.go(
            () -> {
              Fiber.sleep(limit);
              task.cancel();
            });
        try {
          assertEquals(7, task.join());
          assertTrue(over[0]);
        } catch (TaskFailedException | CancelledException e) {
          assertFalse(over[0], "a result was lost to a cancel");
        }
      }
    }
  }

  /** Cancelling a ready fiber ends its next wait and every later one. */
  static void cancelEndsLaterWaits() {
    RandomGenerator random = Simulation.random();
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < 4; i++) {
        boolean[] cancelled = new boolean[1];
        Task<?> task = bundle.go(() -> waitUntilCancelled(cancelled));
        for (int yields = random.nextInt(4); yields > 0; yields--) {
          Fiber.yield();
        }
        cancelled[0] = true;
        task.cancel();
      }
      bundle.await();
    }
  }

  private static void waitUntilCancelled(boolean[] cancelled) {
    RandomGenerator random = Simulation.random();
    for (int ended = 0; ended < 3; ) {
      boolean before = cancelled[0];
      try {
        if (random.nextBoolean()) {
          Fiber.yield();
        } else {
          Fiber.sleep(Duration.ofNanos(random.nextInt(1000)));
        }
        assertFalse(before, "a wait that began after the cancel was not ended");
      } catch (CancelledException e) {
        assertTrue(cancelled[0]);
        ended++;
      }
    }
  }
}
