// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Throws an OutOfMemoryError or a StackOverflowError at one allocation after the other of a part of
 * the library, or a StackOverflowError at one call. Each time the program ends, each finally block
 * runs once, the checks after each turn find the loop consistent, no operation is in flight and no
 * handle open at the end, and the thread can open another reactor.
 *
 * <p>{@code -Ddev.weft.sim.injection=all} tries every point, as scripts/simulate does; without it,
 * some are drawn by a seed.
 */
class InjectionTest {
  private static final boolean ALL = "all".equals(System.getProperty("dev.weft.sim.injection"));
  private static final int SAMPLES = 30;

  static List<InjectionRun.Plan> plans() {
    return InjectionRun.plans();
  }

  private static LongStream points(long count) {
    return ALL ? LongStream.rangeClosed(1, count) : new Random(count).longs(SAMPLES, 1, count + 1);
  }

  @ParameterizedTest
  @MethodSource("plans")
  void everyInjectedFailureIsSurvived(InjectionRun.Plan plan) throws Exception {
    assertEquals(List.of(), InjectionRun.failures(plan, InjectionTest::points));
  }
}
