// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import dev.weft.sync.Channel;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Loops that repeat a call after its deadline, on the simulated clock. */
class RetryTest {
  private static final int SEEDS = 20;

  private static Deadline in(int millis) {
    return Deadline.after(Duration.ofMillis(millis));
  }

  @Test
  void aRetryLoopAroundACallEndsWithItsBlock() {
    Simulation.seeds(SEEDS)
        .check(
            () -> {
              Channel<String> channel = Channel.rendezvous();
              Deadline end = in(225);
              int tries = 0;
              try (Bundle _ = Bundle.open(end)) {
                while (true) {
                  try {
                    channel.receive(in(50));
                  } catch (DeadlineExceededException e) {
                    tries++;
                  }
                }
              } catch (ScopeExpiredException e) {
                assertEquals(Duration.ZERO, end.remaining());
              }
              assertEquals(4, tries);
            });
  }

  @Test
  void aRetryLoopAroundSeveralCallsEndsWithItsBlock() {
    Simulation.seeds(SEEDS)
        .check(
            () -> {
              Channel<String> channel = Channel.rendezvous();
              int[] tries = {0};
              try (Bundle _ = Bundle.open(in(200))) {
                while (true) {
                  try {
                    Fiber.within(in(50), () -> tryTwice(channel));
                  } catch (DeadlineExceededException e) {
                    tries[0]++;
                  }
                }
              } catch (ScopeExpiredException e) {
                assertEquals(3, tries[0]); // at 200 ms the deadline of the block comes first
              }
            });
  }

  private static void tryTwice(Channel<String> channel) {
    try {
      channel.receive(in(20));
    } catch (DeadlineExceededException e) {
      channel.receive();
    }
  }
}
