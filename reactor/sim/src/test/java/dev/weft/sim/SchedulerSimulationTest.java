// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.fail;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Runs the scenarios with thousands of seeds; see scripts/simulate. */
class SchedulerSimulationTest {
  private static final int SEEDS = 20_000;

  static Stream<String> scenarios() {
    return Scenarios.ALL.stream().map(Scenarios.Scenario::name);
  }

  @ParameterizedTest
  @MethodSource("scenarios")
  void everySeedPasses(String name) {
    Scenarios.Scenario scenario = Scenarios.named(name);
    int share = SEEDS / List.copyOf(Scenarios.ALL).size();
    for (long seed = 1; seed <= share; seed++) {
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
