// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.injection;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
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

  static Stream<InjectionRun.Plan> plansOfFibers() {
    return InjectionRun.plans().stream().filter(plan -> !isOfMicroThreads(plan.target()));
  }

  static Stream<InjectionRun.Plan> plansOfMicroThreads() {
    return InjectionRun.plans().stream().filter(plan -> isOfMicroThreads(plan.target()));
  }

  private static boolean isOfMicroThreads(Target target) {
    return target == Target.MICRO || target == Target.MICRO_RING;
  }

  private static LongStream points(long count) {
    return ALL ? LongStream.rangeClosed(1, count) : new Random(count).longs(SAMPLES, 1, count + 1);
  }

  @ParameterizedTest
  @MethodSource("plansOfFibers")
  void fibersSurviveEveryInjectedFailure(InjectionRun.Plan plan) throws Exception {
    assertEquals(List.of(), InjectionRun.failures(plan, InjectionTest::points));
  }

  @ParameterizedTest
  @MethodSource("plansOfMicroThreads")
  @Tag("needs-stack") // the program's micro-threads are stackful
  void microThreadsSurviveEveryInjectedFailure(InjectionRun.Plan plan) throws Exception {
    assertEquals(List.of(), InjectionRun.failures(plan, InjectionTest::points));
  }
}
