// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Task;
import dev.weft.error.TaskFailedException;

/**
 * Step 2: bundles. A bundle is a structured concurrency scope: no child outlives its block. Closing
 * the bundle cancels the children that are left and waits for them.
 */
final class Step02Bundle {
  static void main() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            try (Bundle bundle = Bundle.open()) {
              Task<Integer> six = bundle.go(() -> 6);
              System.out.println("the result is " + six.join() * 7);
            }
            closeChildren();
            failTogether();
          });
    }
  }

  /** A parent closes several children, whatever each of them is doing. */
  private static void closeChildren() {
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> System.out.println("worker 1 has finished"));
      bundle.go(() -> workUntilCancelled("worker 2"));
      bundle.go(() -> workUntilCancelled("worker 3"));
      Fiber.yield();
      System.out.println("the parent closes the bundle");
    }
  }

  /** The first failure cancels the other children and is thrown to the parent. */
  private static void failTogether() {
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> workUntilCancelled("worker 4"));
      bundle.go(() -> Integer.parseInt("seven"));
      bundle.await();
    } catch (TaskFailedException e) {
      System.out.println("failed: " + e.getCause());
    }
  }

  private static void workUntilCancelled(String name) {
    try {
      Fiber.sleepUntil(Deadline.NEVER);
    } finally {
      System.out.println(name + " is cancelled"); // the sleep has thrown a CancelledException
    }
  }
}
