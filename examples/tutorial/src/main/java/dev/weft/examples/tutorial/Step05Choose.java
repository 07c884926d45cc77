// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import java.time.Duration;

/**
 * Step 5: choose. A choice is a select over channels: it waits until one of several things is
 * possible, does that one, and leaves the others alone.
 */
final class Step05Choose {
  static void main() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            Channel<Integer> numbers = Channel.rendezvous();
            Channel<String> words = Channel.rendezvous();
            Channel<String> shutdown = Channel.rendezvous();
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> print(numbers, words, shutdown));
              numbers.send(1);
              words.send("two");
              numbers.send(3);
              shutdown.done();
              bundle.await();
            }
            giveUp(numbers);
          });
    }
  }

  private static void print(
      Channel<Integer> numbers, Channel<String> words, Channel<String> shutdown) {
    Choose<String> next =
        Choose.<String>create()
            .receive(numbers, number -> "number " + number)
            .receive(words, word -> "word " + word)
            .closed(shutdown, () -> "shutdown");
    String chosen;
    do {
      chosen = next.await(); // a choice can be awaited again
      System.out.println(chosen);
    } while (!chosen.equals("shutdown"));
  }

  private static void giveUp(Channel<Integer> numbers) {
    Choose<String> one = Choose.<String>create().receive(numbers, number -> "number " + number);
    Choose<String> two = Choose.<String>create().receive(numbers, number -> "number " + number);
    Deadline soon = Deadline.after(Duration.ofMillis(1));
    System.out.println(one.otherwise(() -> "nothing there now").await());
    System.out.println(two.timeout(soon, () -> "nothing for a millisecond").await());
  }
}
