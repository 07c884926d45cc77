// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Fiber;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;

/**
 * Many fibers that yield to each other through the run queue, with three kinds of body so that the
 * resumption has no single target. The score is the time of one yield: from one fiber to the next.
 * The start of the fibers is part of it, spread over all their yields.
 */
@Fork(
    value = 3,
    jvmArgsAppend = {
      "-Xmx4g",
      "--enable-native-access=ALL-UNNAMED",
      "--add-opens=java.base/java.lang=ALL-UNNAMED"
    })
public class RunQueue extends NanosPerOperation {
  private static final int YIELDS = 3_000_000;

  /** The number of fibers that share the yields. */
  @Param({"2", "1000", "100000"})
  private int fibers;

  private long count;

  /** Fibers that yield to each other. */
  @Benchmark
  @OperationsPerInvocation(YIELDS)
  public void fiber(ReactorState reactor) throws Exception {
    int each = YIELDS / fibers;
    reactor.run(
        () -> {
          for (int i = 0; i < fibers; i++) {
            switch (i % 3) {
              case 0 -> Fiber.start(() -> countUp(each));
              case 1 -> Fiber.start(() -> countDown(each));
              default -> Fiber.start(() -> countInTwo(each));
            }
          }
        });
    long expected = (long) each * fibers;
    if (count != expected) {
      throw new AssertionError(count + " of " + expected);
    }
    count = 0;
  }

  private void countUp(int times) {
    for (int i = 0; i < times; i++) {
      count++;
      Fiber.yield();
    }
  }

  private void countDown(int times) {
    for (int i = times; i > 0; i--) {
      Fiber.yield();
      count++;
    }
  }

  private void countInTwo(int times) {
    countUp(times / 2);
    countDown(times - times / 2);
  }
}
