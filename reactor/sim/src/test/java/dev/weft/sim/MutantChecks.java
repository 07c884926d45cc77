// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TagFilter;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** Runs checks until one fails: what {@link MutationScore} starts for each planted fault. */
final class MutantChecks {
  static final int PASSED = 0;
  static final int FAILED = 10;

  private MutantChecks() {}

  /** Arguments: scenarios, test classes and test methods. The last line printed is the result. */
  public static void main(String[] checks) {
    for (String check : checks) {
      String failure = check.contains(".") ? runTests(check) : runScenario(check);
      if (failure != null) {
        System.out.println(failure.lines().findFirst().orElse("").strip());
        Runtime.getRuntime().halt(FAILED); // a fault may keep the JVM from exiting
      }
    }
    System.out.println("all checks have passed");
    Runtime.getRuntime().halt(PASSED);
  }

  private static String runScenario(String name) {
    Scenarios.Scenario scenario = Scenarios.named(name);
    for (long seed = 1; seed <= SchedulerSimulationTest.SEEDS; seed++) {
      try {
        SchedulerSimulation.run(scenario, seed);
      } catch (Throwable e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return "scenario " + name + ", seed " + seed + ": " + cause;
      }
    }
    return null;
  }

  private static String runTests(String check) {
    DiscoverySelector selector = check.contains("#") ? selectMethod(check) : selectClass(check);
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selector)
            // The modules' settings may contradict each other. MutationScore ends checks that hang.
            .configurationParameter("junit.jupiter.execution.timeout.mode", "disabled")
            .filters(TagFilter.excludeTags("needs-weaving"))
            .build();
    Launcher launcher = LauncherFactory.create();
    AtomicReference<String> failure = new AtomicReference<>();
    int[] run = new int[1];
    launcher.execute(
        request,
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            run[0] += test.isTest() ? 1 : 0;
            result
                .getThrowable()
                .ifPresent(
                    thrown ->
                        failure.compareAndSet(
                            null, check + ", " + test.getDisplayName() + ": " + thrown));
          }
        });
    if (run[0] == 0) {
      throw new IllegalArgumentException("there is no test " + check);
    }
    return failure.get();
  }
}
