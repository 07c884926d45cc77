// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Bundle;
import dev.weft.sync.Latch;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Fibers that wait: how much memory each of them takes ({@code bytesEach}, of the heap after a
 * collection), and, as the score, how long it takes to start them all, park them, and wake them.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2)
@Measurement(iterations = 1) // JMH would add up the bytes of several
@Fork(
    value = 1,
    jvmArgsAppend = {
      "-Xmx8g",
      "-XX:+UseParallelGC",
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED"
    })
public class Parked {
  /** The number of fibers. */
  @Param({"1000", "100000", "1000000"})
  private int fibers;

  /** Secondary results of JMH. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Memory {
    /** Bytes of heap for one parked fiber. */
    public long bytesEach;

    /** JMH adds up otherwise. */
    @Setup(Level.Iteration)
    public void reset() {
      bytesEach = 0;
    }
  }

  static long used() {
    Runtime runtime = Runtime.getRuntime();
    runtime.gc();
    return runtime.totalMemory() - runtime.freeMemory();
  }

  /** Fibers of one bundle that wait for one latch. */
  @Benchmark
  public void fiber(ReactorState reactor, Memory memory) throws Exception {
    int[] ended = {0};
    reactor.run(
        () -> {
          long before = used();
          Latch start = Latch.of(1);
          Latch all = Latch.of(fibers);
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < fibers; i++) {
              bundle.go(
                  () -> {
                    all.countDown();
                    start.await();
                    ended[0]++;
                  });
            }
            all.await();
            memory.bytesEach = (used() - before) / fibers;
            start.countDown();
            bundle.await();
          }
        });
    if (ended[0] != fibers) {
      throw new AssertionError(ended[0] + " of " + fibers);
    }
  }
}
