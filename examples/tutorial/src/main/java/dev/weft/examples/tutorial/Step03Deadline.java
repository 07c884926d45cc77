// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import java.time.Duration;

/**
 * Step 3: deadlines. A deadline is a point in time: pass the same one to all calls of a request.
 * Sleeps for an hour stand for work here that takes too long.
 */
final class Step03Deadline {
  private static final Duration LONG = Duration.ofHours(1);
  private static final Duration SHORT = Duration.ofMillis(1);

  static void main() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            withGracePeriod("short work", Duration.ZERO, LONG);
            withGracePeriod("long work", LONG, SHORT);
            try {
              Fiber.within(Deadline.after(SHORT), () -> Fiber.sleep(LONG));
            } catch (DeadlineExceededException e) {
              System.out.println("all calls within a deadline have ended");
            }
          });
    }
  }

  /** A parent waits for its children until a deadline, and then cancels those that are left. */
  private static void withGracePeriod(String name, Duration work, Duration grace) {
    try (Bundle bundle = Bundle.open()) {
      for (int i = 1; i <= 3; i++) {
        String worker = name + ", worker " + i;
        bundle.go(() -> work(worker, work));
      }
      bundle.await(Deadline.after(grace));
      System.out.println(name + ": all have finished");
    } catch (DeadlineExceededException e) {
      System.out.println(name + ": the grace period is over");
    }
  }

  private static void work(String name, Duration duration) {
    try {
      Fiber.sleep(duration);
      System.out.println(name + ": finished");
    } catch (CancelledException e) {
      System.out.println(name + ": cancelled");
      throw e; // clean up, and end
    }
  }
}
