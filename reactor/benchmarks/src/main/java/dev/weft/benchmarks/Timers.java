// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import java.time.Duration;
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
 * Many fibers that sleep until the same time: libdill's timer. {@code nanosEach} is the time from
 * that point until the last fiber has ended, per fiber; the score is mostly the sleep.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 5)
@Measurement(iterations = 1) // JMH would add up the times of several
@Fork(
    value = 3,
    jvmArgsAppend = {
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED"
    })
public class Timers {
  private static final Duration SLEEP = Duration.ofSeconds(2);

  /** The number of fibers. */
  @Param({"20000"})
  private int fibers;

  /** Secondary results of JMH. */
  @AuxCounters(AuxCounters.Type.EVENTS)
  @State(Scope.Thread)
  public static class Expiry {
    /** Nanoseconds per fiber. */
    public long nanosEach;

    /** JMH adds up otherwise. */
    @Setup(Level.Iteration)
    public void reset() {
      nanosEach = 0;
    }
  }

  /** Children of one bundle. */
  @Benchmark
  public void sleepers(ReactorState reactor, Expiry expiry) throws Exception {
    reactor.run(
        () -> {
          Deadline deadline = Deadline.after(SLEEP);
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < fibers; i++) {
              bundle.go(() -> Fiber.sleepUntil(deadline));
            }
            Fiber.yield();
            if (deadline.hasPassed()) {
              throw new AssertionError("not all were asleep in time");
            }
            bundle.await();
            expiry.nanosEach = (System.nanoTime() - deadline.nanoTime()) / fibers;
          }
        });
  }
}
