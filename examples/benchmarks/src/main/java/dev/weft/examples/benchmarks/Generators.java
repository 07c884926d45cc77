// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.benchmarks;

import dev.weft.Coroutine;
import dev.weft.Generator;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** What one value of a generator costs, and the whole life of a coroutine. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(
    value = 3,
    jvmArgsAppend = {
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED",
      "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED"
    })
public class Generators {
  private static final int VALUES = 100_000;

  /** The JDK has an object for each of these already: the boxes cost nothing. */
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
  public void generator() {
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

  /** A value there and a value back. */
  @Benchmark
  @OperationsPerInvocation(VALUES)
  public void coroutine() {
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
  public void life() {
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
