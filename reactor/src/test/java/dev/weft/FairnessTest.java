// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.sync.Channel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Fibers that are always ready, or another reactor, don't starve others. Fails by hanging. */
class FairnessTest {
  /** Starts two fibers that pass a token to and fro indefinitely. */
  private static void startRelays(Bundle bundle) {
    Channel<Integer> there = Channel.rendezvous();
    Channel<Integer> back = Channel.rendezvous();
    bundle.go(() -> relay(there, back));
    bundle.go(() -> relay(back, there));
    there.send(1);
  }

  private static void relay(Channel<Integer> from, Channel<Integer> to) {
    while (true) {
      to.send(from.receive());
    }
  }

  /** libdill overload. */
  @Test
  void aCloseReachesFibersThatAreAlwaysReady() throws Exception {
    Reactors.assertEnds(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            startRelays(bundle);
            for (int i = 0; i < 1_000; i++) {
              Fiber.yield();
            }
          }
        });
  }

  /** libdill polls timers only once a second in that case; see its fd and sleep tests. */
  @Test
  void aSleeperWakesBesideFibersThatAreAlwaysReady() throws Exception {
    Reactors.assertEnds(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            startRelays(bundle);
            Fiber.sleep(Duration.ofMillis(1));
          }
        });
  }

  @Test
  void aTaskFromAnotherThreadRunsBesideFibersThatAreAlwaysReady() throws Exception {
    Reactors.run(
        () -> {
          Reactor reactor = Reactor.current();
          Channel<Integer> came = Channel.buffered(1);
          try (Bundle bundle = Bundle.open()) {
            startRelays(bundle);
            Thread other = Thread.ofPlatform().start(() -> reactor.execute(() -> came.trySend(1)));
            assertEquals(1, came.receive());
            other.join();
          }
        });
  }
}
