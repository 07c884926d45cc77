// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.sync.Barrier;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import dev.weft.sync.Condition;
import dev.weft.sync.Latch;
import dev.weft.sync.Mutex;
import dev.weft.sync.Semaphore;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Channels and locks: every value arrives once and in order, and no wake-up is lost. */
final class SyncScenarios {
  private SyncScenarios() {}

  private static void pause(RandomGenerator random) {
    if (random.nextInt(3) == 0) {
      Fiber.sleep(Duration.ofNanos(random.nextLong(1_000_000)));
    } else if (random.nextInt(3) == 0) {
      Fiber.yield();
    }
  }

  private record Message(int sender, int number) {}

  /** Several senders with deadlines, several receivers of which some are cancelled. */
  static void channels() {
    RandomGenerator random = Simulation.random();
    int capacity = random.nextInt(4);
    Channel<Message> channel = capacity == 0 ? Channel.rendezvous() : Channel.buffered(capacity);
    int senders = 1 + random.nextInt(3);
    List<Message> sent = new ArrayList<>();
    List<List<Message>> received = new ArrayList<>();
    try (Bundle bundle = Bundle.supervising(failure -> {})) {
      List<Task<?>> receivers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        List<Message> mine = new ArrayList<>();
        received.add(mine);
        receivers.add(bundle.go(() -> receiveAll(channel, mine)));
      }
      List<Task<?>> sending = new ArrayList<>();
      for (int i = 0; i < senders; i++) {
        int sender = i;
        sending.add(bundle.go(() -> send(channel, sender, sent)));
      }
      bundle.go(
          () -> {
            pause(random);
            receivers.getFirst().cancel();
          });
      for (Task<?> each : sending) {
        each.join();
      }
      channel.done();
      bundle.await();
    }
    assertInOrder(sent, received);
  }

  private static void send(Channel<Message> channel, int sender, List<Message> sent) {
    RandomGenerator random = Simulation.random();
    for (int number = 0; number < 6; number++) {
      Message message = new Message(sender, number);
      if (random.nextInt(4) != 0) {
        channel.send(message);
        sent.add(message);
      } else {
        try {
          channel.send(message, Deadline.after(Duration.ofNanos(random.nextLong(500_000))));
          sent.add(message);
        } catch (DeadlineExceededException e) {
          // the message was not sent, so it must not arrive
        }
      }
      pause(random);
    }
  }

  private static void receiveAll(Channel<Message> channel, List<Message> received) {
    RandomGenerator random = Simulation.random();
    try {
      while (true) {
        received.add(channel.receive());
        pause(random);
      }
    } catch (ChannelClosedException e) {
      // the channel has ended
    }
  }

  /** Each receiver gets a sender's messages in order; all receivers together get all messages. */
  private static void assertInOrder(List<Message> sent, List<List<Message>> received) {
    List<Message> missing = new ArrayList<>(sent);
    for (List<Message> mine : received) {
      Map<Integer, Integer> last = new HashMap<>();
      for (Message message : mine) {
        Integer before = last.put(message.sender, message.number);
        assertTrue(before == null || before < message.number, () -> "out of order: " + mine);
        assertTrue(missing.remove(message), () -> message + " was not sent, or came twice");
      }
    }
    assertEquals(List.of(), missing, "were sent and did not arrive");
  }

  /** {@code Choose} over several channels, with deadlines: each value is received once. */
  static void choose() throws Exception {
    Channel<Integer> left = Channel.rendezvous();
    Channel<Integer> right = Channel.buffered(2);
    int[] sent = new int[2];
    int[] received = new int[2];
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> feed(left, 8, sent, 0));
      bundle.go(() -> feed(right, 8, sent, 1));
      for (int i = 0; i < 2; i++) {
        bundle.go(() -> chooseUntilClosed(left, right, received));
      }
      bundle.await();
    }
    assertEquals(sent[0], received[0]);
    assertEquals(sent[1], received[1]);
  }

  private static void chooseUntilClosed(
      Channel<Integer> left, Channel<Integer> right, int[] received) throws Exception {
    RandomGenerator random = Simulation.random();
    boolean[] over = new boolean[2];
    while (!over[0] || !over[1]) {
      Deadline soon = Deadline.after(Duration.ofNanos(1 + random.nextLong(1_000_000)));
      Choose<Boolean> choice = Choose.create();
      if (!over[0]) {
        choice.receive(left, value -> ++received[0] > 0).closed(left, () -> over[0] = true);
      }
      if (!over[1]) {
        choice.receive(right, value -> ++received[1] > 0).closed(right, () -> over[1] = true);
      }
      assertTrue(choice.timeout(soon, () -> soon.hasPassed()).await());
      pause(random);
    }
  }

  private static void feed(Channel<Integer> channel, int count, int[] sent, int index) {
    RandomGenerator random = Simulation.random();
    for (int i = 0; i < count; i++) {
      channel.send(i);
      sent[index]++;
      pause(random);
    }
    channel.done();
  }

  /**
   * A mutex has one owner, a semaphore no more than its permits, also when fibers are cancelled.
   */
  static void locks() {
    RandomGenerator random = Simulation.random();
    Mutex mutex = Mutex.create();
    Semaphore permits = Semaphore.of(2);
    int[] owners = new int[1];
    int[] users = new int[1];
    Simulation.afterEachTurn(() -> assertTrue(owners[0] <= 1 && users[0] <= 2));
    try (Bundle bundle = Bundle.supervising(SyncScenarios::rejectAssertions)) {
      List<Task<?>> tasks = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        tasks.add(bundle.go(() -> lockAndUse(mutex, owners, permits, users)));
      }
      pause(random);
      tasks.get(random.nextInt(tasks.size())).cancel();
      tasks.get(random.nextInt(tasks.size())).cancel();
      bundle.await();
    }
    assertFalse(mutex.isLocked());
    assertEquals(2, permits.available());
  }

  private static void rejectAssertions(Throwable failure) {
    if (failure instanceof AssertionError error) {
      throw error;
    }
  }

  private static void lockAndUse(Mutex mutex, int[] owners, Semaphore permits, int[] users) {
    RandomGenerator random = Simulation.random();
    for (int round = 0; round < 3; round++) {
      Deadline soon = Deadline.after(Duration.ofNanos(random.nextLong(3_000_000)));
      try (Mutex.Guard _ = random.nextBoolean() ? mutex.lock() : mutex.lock(soon)) {
        owners[0]++;
        try {
          pause(random);
        } finally {
          owners[0]--;
        }
      } catch (DeadlineExceededException e) {
        // the lock or permit was not acquired
      }
      permits.acquire();
      users[0]++;
      try {
        pause(random);
      } finally {
        users[0]--;
        permits.release();
      }
    }
  }

  /** Barrier, latch and condition: all waiters are released, and none too early. */
  static void meetings() {
    RandomGenerator random = Simulation.random();
    int parties = 2 + random.nextInt(3);
    Barrier barrier = Barrier.of(parties);
    Latch latch = Latch.of(parties);
    Mutex mutex = Mutex.create();
    Condition changed = Condition.of(mutex);
    int[] arrived = new int[1];
    int[] passed = new int[1];
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < parties; i++) {
        bundle.go(
            () -> {
              pause(random);
              arrived[0]++;
              barrier.await();
              assertEquals(parties, arrived[0], "the barrier opened too early");
              pause(random);
              latch.countDown();
              try (Mutex.Guard _ = mutex.lock()) {
                passed[0]++;
                changed.signalAll();
              }
            });
      }
      bundle.go(
          () -> {
            latch.await();
            assertEquals(parties, arrived[0]);
          });
      bundle.go(
          () -> {
            try (Mutex.Guard guard = mutex.lock()) {
              while (passed[0] < parties) {
                changed.await(guard);
              }
            }
          });
      Task<?> impatient = bundle.go(() -> Fiber.sleep(Duration.ofDays(1)));
      impatient.cancel();
      impatient.join();
      bundle.await();
    }
    assertEquals(parties, passed[0]);
  }
}
