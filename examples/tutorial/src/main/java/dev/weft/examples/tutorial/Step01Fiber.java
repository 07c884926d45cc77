// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.CancelledException;

/**
 * Step 1: fibers. A fiber is a lightweight thread that one reactor schedules. It runs until it
 * suspends. Closing a fiber cancels it and waits for its end.
 */
final class Step01Fiber {
  static void main() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            Fiber ping = Fiber.start("ping", () -> count("ping"));
            Fiber pong = Fiber.start("pong", () -> count("pong"));
            ping.join();
            pong.join();

            close(Fiber.start("finished worker", () -> work("finished", Deadline.NOW)));
            close(Fiber.start("busy worker", () -> work("busy", Deadline.NEVER)));
          });
    }
  }

  private static void count(String name) {
    for (int i = 1; i <= 3; i++) {
      System.out.println(name + " " + i);
      Fiber.yield();
    }
  }

  /** A parent closes its child, whether the child has finished or not. */
  private static void close(Fiber worker) {
    Fiber.yield();
    worker.close();
    System.out.println(worker.name() + " is closed");
  }

  private static void work(String name, Deadline end) {
    try {
      if (!end.hasPassed()) {
        Fiber.sleepUntil(end);
      }
      System.out.println("the " + name + " worker has done its work");
    } catch (CancelledException e) {
      System.out.println("the " + name + " worker is cancelled");
      throw e; // clean up, and end
    }
  }
}
