// SPDX-License-Identifier: Apache-2.0
package dev.weft.benchmarks;

import dev.weft.Bundle;
import dev.weft.Fiber;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;

/** Starting a task that ends immediately, and joining it. The score is the time of both. */
public class Spawn extends NanosPerOperation {
  private static final int TASKS = 10_000;

  private int count;

  private void check() {
    if (count != TASKS) {
      throw new AssertionError(count + " of " + TASKS);
    }
    count = 0;
  }

  /** A fiber, one after the other. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void fiber(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          for (int i = 0; i < TASKS; i++) {
            Fiber.start(() -> count++).join();
          }
        });
    check();
  }

  /** A child of a bundle, one after the other: libdill's go. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void bundle(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          for (int i = 0; i < TASKS; i++) {
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> count++);
              bundle.await();
            }
          }
        });
    check();
  }

  /** Children of one bundle, all started before the first ends. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void children(ReactorState reactor) throws Exception {
    reactor.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < TASKS; i++) {
              bundle.go(() -> count++);
            }
            bundle.await();
          }
        });
    check();
  }

  /** A virtual thread of the JDK's own scheduler, one after the other. */
  @Benchmark
  @OperationsPerInvocation(TASKS)
  public void virtualThread() throws InterruptedException {
    for (int i = 0; i < TASKS; i++) {
      Thread.ofVirtual().start(() -> count++).join();
    }
    check();
  }
}
