// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Coroutine;
import dev.weft.Generator;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** The cost of one value of a generator, and of a coroutine from start to end. */
public class Generators extends NanosPerOperation {
  private static final int VALUES = 100_000;

  /** Values in the JDK's cache of boxed integers, so that boxing allocates nothing. */
  private static final int LAST_SMALL_VALUE = 127;

  private int count;

  private static void check(long actual, long expected) {
    if (actual != expected) {
      throw new AssertionError(actual + " instead of " + expected);
    }
  }

  private static long sum() {
    long sum = 0;
    for (int i = 0; i < VALUES; i++) {
      sum += i & LAST_SMALL_VALUE;
    }
    return sum;
  }

  /** A value, by iteration. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void generator(CoroutineForm form) {
    long sum = 0;
    try (Generator<Integer> generator =
        Generator.of(
            out -> {
              for (int i = 0; i < VALUES; i++) {
                out.yield(i & LAST_SMALL_VALUE);
              }
            })) {
      for (int value : generator) {
        sum += value;
      }
    }
    check(sum, sum());
  }

  /** A value, by {@link Generator#next()}. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void next(CoroutineForm form) {
    long sum = 0;
    try (Generator<Integer> generator =
        Generator.of(
            out -> {
              for (int i = 0; i < VALUES; i++) {
                out.yield(i & LAST_SMALL_VALUE);
              }
            })) {
      for (Integer value; (value = generator.next()) != null; ) {
        sum += value;
      }
    }
    check(sum, sum());
  }

  /** A value there and a value back. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void coroutine(CoroutineForm form) {
    long sum = 0;
    try (Coroutine<Integer, Integer, Integer> echo =
        Coroutine.of(
            out -> {
              for (int value = 0; ; ) {
                value = out.yield(value);
              }
            })) {
      echo.start();
      for (int i = 0; i < VALUES; i++) {
        Integer value = echo.resume(i & LAST_SMALL_VALUE);
        if (value != null) {
          sum += value;
        }
      }
    }
    check(sum, sum());
  }

  /** A coroutine that is made, runs and returns: two switches. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void life(CoroutineForm form) {
    for (int i = 0; i < VALUES; i++) {
      Coroutine<Object, Object, Generators> coroutine =
          Coroutine.of(
              out -> {
                count++;
                return this;
              });
      coroutine.start();
      if (coroutine.result() != this) {
        throw new AssertionError(coroutine);
      }
    }
    check(count, VALUES);
    count = 0;
  }
}
