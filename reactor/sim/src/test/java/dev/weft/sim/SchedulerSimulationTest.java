// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the scenarios with thousands of seeds; see scripts/simulate. */
class SchedulerSimulationTest {
  /** Of each scenario. All planted faults are found within fewer than 50; see scripts/mutate. */
  static final int SEEDS = 250;

  /** Woven, other seeds are taken. */
  private static final long FIRST = Long.getLong("dev.weft.sim.scenarios.first", 1);

  static Stream<String> scenarios() {
    return Scenarios.ALL.stream().map(Scenarios.Scenario::name);
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void everySeedPasses(String name) {
    Scenarios.Scenario scenario = Scenarios.named(name);
    for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
      try {
        SchedulerSimulation.run(scenario, seed);
      } catch (SimulationFailure failure) {
        fail(
            "scripts/simulate --seeds 1 --from " + seed + " --scenario " + name + " replays this",
            failure);
      }
    }
  }
}
