// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.DeadlockException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a channel promises. Tests of libdill's and zigcoro's with a counterpart here are named. */
class ChannelTest {
  /** libdill chan 1: the sender yields first. */
  @Test
  void aReceiverWaitsForASender() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  Fiber.yield();
                  channel.send(333);
                });
            assertEquals(333, channel.receive());
          }
        });
  }

  /** libdill chan 2. */
  @Test
  void aSenderWaitsForAReceiver() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<?> sender = bundle.go(() -> channel.send(444));
            Fiber.yield();
            assertEquals(Task.State.RUNNING, sender.state());
            assertEquals(444, channel.receive());
            sender.join();
          }
        });
  }

  /** libdill chan 3. */
  @Test
  void sendersAreServedInTheirOrder() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> channel.send(888));
            bundle.go(() -> channel.send(999));
            assertEquals(888, channel.receive());
            Fiber.yield();
            assertEquals(999, channel.receive());
          }
        });
  }

  /** libdill chan 4. */
  @Test
  void receiversAreServedInTheirOrder() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> first = bundle.go(() -> channel.receive());
            Task<Integer> second = bundle.go(() -> channel.receive());
            Fiber.yield();
            channel.send(333);
            channel.send(444);
            assertEquals(333, first.join());
            assertEquals(444, second.join());
          }
        });
  }

  /** libdill chan 5. */
  @Test
  void everyReceiveAfterTheEndThrows() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          channel.done();
          channel.done();
          for (int i = 0; i < 3; i++) {
            assertThrows(ChannelClosedException.class, channel::receive);
            assertThrows(ChannelClosedException.class, channel::tryReceive);
            assertThrows(ChannelClosedException.class, () -> channel.send(1));
            assertThrows(ChannelClosedException.class, () -> channel.trySend(1));
          }
          assertTrue(channel.isDone());
        });
  }

  /** libdill chan 6, 7, 8. */
  @Test
  void theEndWakesAllReceiversAndAllSenders() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> empty = Channel.rendezvous();
          Channel<Integer> full = Channel.rendezvous();
          int[] woken = {0};
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 3; i++) {
              bundle.go(
                  () -> {
                    assertThrows(ChannelClosedException.class, empty::receive);
                    woken[0]++;
                  });
              bundle.go(
                  () -> {
                    assertThrows(ChannelClosedException.class, () -> full.send(1));
                    woken[0]++;
                  });
            }
            Fiber.yield();
            empty.done();
            full.done();
            bundle.await();
          }
          assertEquals(6, woken[0]);
        });
  }

  /** libdill chan 9. */
  @Test
  void aCancelledReceiverFailsInEveryReceive() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  assertThrows(CancelledException.class, channel::receive);
                  assertThrows(CancelledException.class, channel::receive);
                });
            Fiber.yield();
          }
          assertFalse(channel.trySend(1)); // no receiver is queued
        });
  }

  /** libdill chan 12. */
  @Test
  void aReceiverPastItsDeadlineFailsAndIsNoLongerQueued() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Deadline soon = Deadline.after(Duration.ofMillis(2));
          assertThrows(DeadlineExceededException.class, () -> channel.receive(soon));
          assertFalse(channel.trySend(1));
          Deadline again = Deadline.after(Duration.ofMillis(2));
          assertThrows(DeadlineExceededException.class, () -> channel.send(1, again));
          assertTrue(channel.tryReceive().isEmpty());
        });
  }

  /** libdill chan 10, 11 send messages of no bytes; here that is an object without content. */
  @Test
  void theSameObjectIsReceived() throws Exception {
    Reactors.run(
        () -> {
          Object message = new Object();
          Channel<Object> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> channel.send(message));
            assertSame(message, channel.receive());
          }
        });
  }

  /** zigcoro "channel". */
  @Test
  void aRendezvousCostsTwoSwitchesPerValue() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  for (int i = 0; i < 6; i++) {
                    channel.send(i);
                  }
                  channel.done();
                });
            long before = Reactor.current().stats().resumes();
            assertEquals(15, sum(channel));
            // The main fiber and the sender are each resumed at most once per value.
            assertTrue(Reactor.current().stats().resumes() - before <= 2 * 6 + 1);
          }
        });
  }

  /** zigcoro "buffered channel": the sender never waits. */
  @Test
  void aBufferTakesAllWithoutASwitch() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(6);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  for (int i = 0; i < 6; i++) {
                    channel.send(i);
                  }
                  channel.done();
                });
            long before = Reactor.current().stats().resumes();
            assertEquals(15, sum(channel));
            assertEquals(2, Reactor.current().stats().resumes() - before);
          }
        });
  }

  private static int sum(Channel<Integer> channel) {
    int sum = 0;
    try {
      while (true) {
        sum += channel.receive();
      }
    } catch (ChannelClosedException e) {
      return sum;
    }
  }

  @Test
  void sendersWaitingForAFullBufferKeepTheirOrder() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(2);
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 5; i++) {
              int value = i;
              bundle.go(() -> channel.send(value));
            }
            Fiber.yield();
            assertFalse(channel.trySend(99));
            List<Integer> received = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
              received.add(channel.receive());
            }
            assertEquals(List.of(0, 1, 2, 3, 4), received);
          }
        });
  }

  @Test
  void bufferedValuesAreReceivedAfterTheEnd() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(2);
          channel.send(1);
          channel.send(2);
          channel.done();
          assertEquals(1, channel.receive());
          assertEquals(2, channel.tryReceive().orElseThrow());
          assertThrows(ChannelClosedException.class, channel::receive);
        });
  }

  @Test
  void fibersThatAllWaitAreADeadlock() {
    DeadlockException thrown =
        assertThrows(
            DeadlockException.class, () -> Reactors.run(() -> Channel.rendezvous().receive()));
    assertTrue(thrown.getMessage().contains("main: receive channel"), thrown.getMessage());
  }

  @Test
  void aChannelBelongsToItsReactor() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      Channel<Integer> channel = reactor.call(() -> Channel.<Integer>buffered(1));
      Thread other = Thread.ofPlatform().unstarted(() -> refused(channel));
      other.start();
      other.join();
      assertTrue(channel.trySend(1)); // on the reactor's thread, outside its fibers
      assertEquals(1, channel.tryReceive().orElseThrow());
    }
  }

  private static void refused(Channel<Integer> channel) {
    assertThrows(WrongThreadException.class, () -> channel.trySend(1));
    assertThrows(WrongThreadException.class, channel::receive);
  }

  @Test
  void nullAndInvalidCapacitiesAreRefused() throws Exception {
    Reactors.run(
        () -> {
          assertThrows(IllegalArgumentException.class, () -> Channel.buffered(0));
          assertThrows(NullPointerException.class, () -> Channel.rendezvous().send(null));
        });
    assertThrows(WrongThreadException.class, Channel::rendezvous);
  }

  @Test
  void aLoopOverTheValuesEndsWithTheChannel() throws Exception {
    Reactors.run(
        () -> {
          for (Channel<Integer> channel :
              List.of(Channel.<Integer>rendezvous(), Channel.<Integer>buffered(2))) {
            try (Bundle bundle = Bundle.open()) {
              bundle.go(
                  () -> {
                    for (int i = 1; i <= 3; i++) {
                      channel.send(i);
                    }
                    Fiber.yield(); // the receiver waits for the end
                    channel.done();
                  });
              int sum = 0;
              for (Integer value; (value = channel.next()) != null; ) {
                sum += value;
              }
              assertEquals(6, sum);
              assertNull(channel.next(Deadline.NOW));
            }
          }
        });
  }

  @Test
  void theNextValueIsAwaitedUntilTheDeadline() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(1);
          assertThrows(DeadlineExceededException.class, () -> channel.next(Deadline.NOW));
          channel.send(1);
          assertEquals(1, channel.next(Deadline.NOW));
        });
  }

  @Test
  void aNamedChannelIsCalledSoInMessages() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> orders = Channel.<Integer>buffered(4).named("orders");
          orders.send(1);
          assertEquals("orders (1 of 4)", orders.toString());
          assertEquals("replies", Channel.<Integer>rendezvous().named("replies").toString());
          assertEquals("cache (not held)", Mutex.create().named("cache").toString());
          assertEquals("slots (2 left)", Semaphore.of(2).named("slots").toString());
        });
  }
}
