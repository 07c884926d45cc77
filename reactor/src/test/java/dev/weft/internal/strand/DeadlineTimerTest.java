// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import static dev.weft.Reactors.run;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.io.Pipe;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** A wait that ends before its deadline leaves no timer armed. */
class DeadlineTimerTest {
  private static Deadline inAnHour() {
    return Deadline.after(Duration.ofHours(1));
  }

  private static void assertNoTimerIsArmed() {
    assertEquals(TimerQueue.NEVER, EventLoop.require("test").timers().nextDeadline());
  }

  @Test
  void ofAChannel() throws Exception {
    run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> channel.send("value"));
            assertEquals("value", channel.receive(inAnHour()));
            assertNoTimerIsArmed();
          }
        });
  }

  @Test
  void ofASelect() throws Exception {
    run(
        () -> {
          Channel<String> channel = Channel.rendezvous();
          Choose<String> choose = Choose.<String>create().receive(channel, value -> value);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> channel.send("value"));
            assertEquals("value", choose.await(inAnHour()));
            assertNoTimerIsArmed();
          }
        });
  }

  @Test
  void ofAnOperation() throws Exception {
    run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            MemorySegment bytes = Arena.ofAuto().allocate(1);
            bundle.go(() -> pipe.sink().write(Arena.ofAuto().allocate(1)));
            assertEquals(1, pipe.source().read(bytes, inAnHour()));
            assertNoTimerIsArmed();
          }
        });
  }

  @Test
  void ofAJoin() throws Exception {
    run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<String> task = bundle.go(() -> "value");
            assertEquals("value", task.join(inAnHour()));
            assertNoTimerIsArmed();
          }
        });
  }

  @Test
  void ofASleepThatIsCancelled() throws Exception {
    run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  try {
                    Fiber.sleepUntil(inAnHour());
                  } finally {
                    assertNoTimerIsArmed();
                  }
                });
            Fiber.yield();
            bundle.cancel();
          }
        });
  }
}
