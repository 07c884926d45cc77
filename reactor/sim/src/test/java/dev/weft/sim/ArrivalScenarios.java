// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.sync.AsyncEvent;
import dev.weft.sync.Mailbox;
import dev.weft.sync.Queue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Events from outside the loop: no task, result or wake-up is lost, however late it comes. */
final class ArrivalScenarios {
  private ArrivalScenarios() {}

  private static Duration someTime(RandomGenerator random) {
    return Duration.ofNanos(random.nextLong(20_000_000));
  }

  /** Blocking calls end, are cancelled and pass deadlines; their signals arrive. */
  static void blocking() throws Exception {
    RandomGenerator random = Simulation.random();
    AsyncEvent event = AsyncEvent.create();
    Mailbox<Integer> mailbox = Mailbox.bounded(8);
    int[] delivered = new int[1];
    int calls = 1 + random.nextInt(4);
    try (Bundle bundle = Bundle.open()) {
      for (int i = 0; i < calls; i++) {
        bundle.go(() -> Blocking.call(() -> mailbox.offer(1)));
      }
      bundle.go(
          () -> {
            while (delivered[0] < calls) {
              delivered[0] += mailbox.receive();
            }
          });
      if (random.nextBoolean()) {
        Fiber.sleep(someTime(random));
      }
      bundle.go(() -> event.await());
      Blocking.call(event::signal);
      bundle.await();
    }
    assertEquals(calls, delivered[0]);
  }

  /** A cancelled blocking call has either not begun, or has ended when its caller continues. */
  static void blockingCancelled() {
    RandomGenerator random = Simulation.random();
    try (Bundle bundle = Bundle.supervising(ArrivalScenarios::mustBeTime)) {
      for (int i = 0; i < 3; i++) {
        boolean[] ran = new boolean[1];
        boolean byDeadline = random.nextBoolean();
        Task<Boolean> task =
            bundle.go(
                () ->
                    Blocking.call(
                        () -> ran[0] = true,
                        byDeadline ? Deadline.after(someTime(random)) : Deadline.NEVER));
        Fiber.sleep(someTime(random));
        task.cancel();
        boolean succeeded;
        try {
          succeeded = task.join();
        } catch (CancelledException | dev.weft.error.TaskFailedException e) {
          succeeded = false;
        }
        assertEquals(ran[0], succeeded, "the end of the call was not awaited");
      }
    }
  }

  private static void mustBeTime(Throwable failure) {
    if (!(failure instanceof DeadlineExceededException)) {
      throw new AssertionError("unexpected with a deadline", failure);
    }
  }

  /** An executed task executes another one, and the first fibers wait for that. */
  static void tasksInTasks() {
    RandomGenerator random = Simulation.random();
    Reactor reactor = Reactor.current();
    AsyncEvent event = AsyncEvent.create();
    int depth = 1 + random.nextInt(4);
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> event.await());
      if (random.nextBoolean()) {
        Fiber.sleep(someTime(random));
      }
      nest(reactor, event, depth);
      bundle.await();
    }
  }

  private static void nest(Reactor reactor, AsyncEvent event, int depth) {
    reactor.execute(
        () -> {
          if (depth == 0) {
            event.signal();
          } else {
            nest(reactor, event, depth - 1);
          }
        });
  }

  /** Receivers of a queue are cancelled while they are being woken: another one gets the value. */
  static void queue() {
    RandomGenerator random = Simulation.random();
    Queue<Integer> queue = Queue.bounded(2);
    List<Integer> received = new ArrayList<>();
    int values = 6;
    try (Bundle bundle = Bundle.supervising(ArrivalScenarios::mustBeTime)) {
      List<Task<?>> impatient = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        impatient.add(bundle.go(() -> receiveAll(queue, received)));
      }
      bundle.go(() -> receiveAll(queue, received));
      for (int i = 0; i < values; i++) {
        if (random.nextInt(3) == 0) {
          Fiber.yield();
        }
        queue.send(i);
        if (random.nextBoolean()) {
          impatient.get(random.nextInt(3)).cancel();
        }
        if (random.nextBoolean()) {
          Fiber.sleep(someTime(random));
          assertTrue(queue.tryReceive().isEmpty(), "a value is queued, and no receiver was woken");
        }
      }
      queue.close();
      bundle.await();
    }
    assertEquals(values, received.size());
    assertEquals(values, received.stream().distinct().count());
  }

  private static void receiveAll(Queue<Integer> queue, List<Integer> received) {
    try {
      while (true) {
        received.add(queue.receive());
      }
    } catch (ChannelClosedException e) {
      // the queue is closed and drained
    }
  }
}
