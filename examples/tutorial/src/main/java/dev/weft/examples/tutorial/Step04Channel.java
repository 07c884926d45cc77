// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.sync.Channel;
import java.time.Duration;

/** Step 4: channels. A channel hands values from one fiber to another, with or without a buffer. */
final class Step04Channel {
  static void main() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            receive("child first", Duration.ZERO, Deadline.NEVER);
            receive("parent first", Duration.ofMillis(1), Deadline.NEVER);
            receive("too late", Duration.ofHours(1), Deadline.after(Duration.ofMillis(1)));
            buffer();
          });
    }
  }

  /** A parent waits for the result of its child until a deadline, and then cancels the child. */
  private static void receive(String name, Duration work, Deadline deadline) {
    Channel<Integer> result = Channel.rendezvous();
    try (Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            Fiber.sleep(work);
            result.send(42); // suspends until it is received
          });
      Fiber.sleep(Duration.ZERO); // lets the child run
      Fiber.yield();
      System.out.println(name + ": received " + result.receive(deadline));
    } catch (DeadlineExceededException e) {
      System.out.println(name + ": timed out");
    }
  }

  private static void buffer() {
    Channel<String> words = Channel.buffered(2);
    words.send("one"); // does not suspend, because there is room
    words.send("two");
    System.out.println("room for a third word: " + words.trySend("three"));
    words.done(); // what is buffered still arrives
    try {
      while (true) {
        System.out.println("received " + words.receive());
      }
    } catch (ChannelClosedException e) {
      System.out.println("received the end");
    }
  }
}
