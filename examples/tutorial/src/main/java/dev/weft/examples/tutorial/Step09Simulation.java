// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import dev.weft.sim.SimulationFailure;
import java.time.Duration;

/**
 * Step 9: simulation. The same calls run on a simulated machine with virtual time. A seed chooses
 * the order of the fibers and the faults, so a failure can be replayed.
 */
final class Step09Simulation {
  static void main() {
    Simulation.seed(1).check(() -> sleepForADay());
    Simulation.seeds(100).withFaults(Faults.harsh()).check(() -> count(false));
    System.out.println("correct under a hundred seeds");
    try {
      Simulation.seeds(100).check(() -> count(true));
    } catch (SimulationFailure e) {
      System.out.println("a seed has found the lost update");
    }
  }

  private static void sleepForADay() {
    Deadline tomorrow = Deadline.after(Duration.ofDays(1));
    Fiber.sleepUntil(tomorrow);
    System.out.println("a day of virtual time has passed: " + tomorrow.hasPassed());
  }

  /** Each fiber adds 1. No lock is needed, unless it suspends between the read and the write. */
  private static void count(boolean suspendsInBetween) {
    int[] count = {0};
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < 2; i++) {
        bundle.go(
            () -> {
              int before = count[0];
              if (suspendsInBetween) {
                Fiber.yield();
              }
              count[0] = before + 1;
            });
      }
      bundle.await();
    }
    if (count[0] != 2) {
      throw new AssertionError("counted " + count[0] + " instead of 2");
    }
  }
}
