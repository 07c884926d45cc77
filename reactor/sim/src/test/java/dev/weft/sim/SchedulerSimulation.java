// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.util.List;

/**
 * Runs the scenarios with a given number of seeds. The program of scripts/simulate. The seeds are
 * distributed over the scenarios round-robin.
 */
final class SchedulerSimulation {
  private static final int REPORT_EVERY = 10_000;
  private static final int FAILED = 1;
  private static final int WRONG_ARGUMENTS = 2;

  private SchedulerSimulation() {}

  /** The scenario that a seed belongs to. */
  static Scenarios.Scenario scenarioOf(long seed) {
    List<Scenarios.Scenario> all = Scenarios.ALL;
    return all.get((int) Long.remainderUnsigned(seed, all.size()));
  }

  static void run(Scenarios.Scenario scenario, long seed) {
    Simulation.seed(seed)
        .withFaults(scenario.faults())
        .withDirectDescriptors(DirectScenarios.SLOTS)
        .run(scenario.task());
  }

  /** Arguments: how many seeds, the first one, and the scenario's name or "all". */
  public static void main(String[] arguments) {
    long count = Long.parseLong(arguments[0]);
    long first = Long.parseLong(arguments[1]);
    String name = arguments[2];
    Scenarios.Scenario only = null;
    try {
      only = name.equals("all") ? null : Scenarios.named(name);
    } catch (IllegalArgumentException e) {
      System.err.println("simulate: " + e.getMessage());
      System.exit(WRONG_ARGUMENTS);
    }
    long start = System.nanoTime();
    for (long i = 0; i < count; i++) {
      long seed = first + i;
      Scenarios.Scenario scenario = only == null ? scenarioOf(seed) : only;
      try {
        run(scenario, seed);
      } catch (SimulationFailure failure) {
        failure.printStackTrace();
        System.out.println(
            "scenario "
                + scenario.name()
                + " failed; replay it with scripts/simulate --seeds 1"
                + " --from "
                + seed
                + " --scenario "
                + scenario.name());
        System.exit(FAILED);
      }
      if ((i + 1) % REPORT_EVERY == 0 || i + 1 == count) {
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
            "%d seeds from %d passed, %.0f a second%n", i + 1, first, (i + 1) / seconds);
      }
    }
  }
}
