// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.BenchmarkList;
import org.openjdk.jmh.runner.BenchmarkListEntry;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.format.OutputFormat;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs each benchmark once, in this process. Does not check how fast it is. */
class BenchmarksTest {
  /** Sizes large enough to run all of the code; other parameters have their first value. */
  private static final Map<String, String> SMALL =
      Map.of("coroutines", "1000", "fibers", "1000", "routines", "1000", "count", "1000");

  /** The parameter that chooses between two implementations; both are run. */
  private static final String WOVEN = "woven";

  private static Map<String, Map<String, String[]>> benchmarks() {
    OutputFormat silent = OutputFormatFactory.createFormatInstance(System.out, VerboseMode.SILENT);
    Set<BenchmarkListEntry> all = BenchmarkList.defaultList().getAll(silent, List.of());
    Map<String, Map<String, String[]>> parameters = new TreeMap<>();
    all.forEach(each -> parameters.put(each.getUsername(), each.getParams().orElse(Map.of())));
    return parameters;
  }

  @TestFactory
  Stream<DynamicTest> everyBenchmarkRuns() {
    return benchmarks().entrySet().stream()
        .map(each -> DynamicTest.dynamicTest(each.getKey(), () -> run(each)));
  }

  private static void run(Map.Entry<String, Map<String, String[]>> benchmark) throws Exception {
    int runs = 1;
    ChainedOptionsBuilder options =
        new OptionsBuilder()
            .include('^' + Pattern.quote(benchmark.getKey()) + '$')
            .mode(Mode.SingleShotTime)
            .forks(0)
            .warmupIterations(0)
            .measurementIterations(1)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT);
    for (Map.Entry<String, String[]> each : benchmark.getValue().entrySet()) {
      if (each.getKey().equals(WOVEN)) {
        runs = each.getValue().length;
      } else {
        options.param(each.getKey(), SMALL.getOrDefault(each.getKey(), each.getValue()[0]));
      }
    }

    Collection<RunResult> results = new Runner(options.build()).run();

    assertEquals(runs, results.size());
  }

  @Test
  void theBenchmarksOfAllClassesAreListed() {
    Set<String> listed = benchmarks().keySet();

    assertTrue(listed.size() > 40, listed.toString());
    for (String name : List.of("ContextSwitch.coroutine", "Coroutines.ncoros", "Generators.life")) {
      assertTrue(listed.contains(getClass().getPackageName() + '.' + name), name);
    }
  }
}
