// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Woven routines that are suspended, in a heap of one gibibyte: how many bytes each takes ({@code
 * bytesEach}), and, as the score, how long it takes to make, run, suspend and end them all.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 1)
@Measurement(iterations = 1) // JMH would add up the bytes of several
@Fork(
    value = 1,
    jvmArgsAppend = {"-Xmx1g", "-XX:+UseParallelGC"})
public class ParkedRoutines {
  /** The number of routines. */
  @Param({"1000000", "10000000"})
  private int routines;

  private static final class Sum extends Routine {
    private final ParkedRoutines to;
    private final int from;

    Sum(ParkedRoutines to, int from) {
      this.to = to;
      this.from = from;
    }

    @Override
    protected void run() {
      int kept = from;
      suspend();
      to.sum += kept;
    }
  }

  private long sum;

  /** Routines that suspend once, at depth 1. */
  @Benchmark
  public void depth1(Parked.Memory memory) throws Exception {
    sum = 0;
    Routine[] all = new Routine[routines];
    Context context = new Context();
    long before = Parked.used();
    for (int i = 0; i < routines; i++) {
      all[i] = new Sum(this, i);
      all[i].go(context);
    }
    memory.bytesEach = (Parked.used() - before) / routines;
    for (Routine routine : all) {
      if (routine.go(context)) {
        throw new AssertionError("suspended again");
      }
    }
    long expected = (long) routines * (routines - 1) / 2;
    if (sum != expected) {
      throw new AssertionError(sum + " instead of " + expected);
    }
  }
}
