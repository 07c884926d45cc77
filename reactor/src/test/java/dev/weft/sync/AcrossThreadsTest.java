// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** AsyncEvent, Mailbox and Queue. */
class AcrossThreadsTest {
  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(2));
  }

  private static Thread start(Runnable body) {
    return Thread.ofPlatform().start(body);
  }

  // ---- event

  @Test
  void aSignalOfAnotherThreadWakesAFiber() throws Exception {
    Reactors.run(
        () -> {
          AsyncEvent event = AsyncEvent.create();
          for (int i = 0; i < 100; i++) {
            Thread other = start(event::signal);
            event.await();
            other.join();
          }
          assertFalse(event.isReady());
        });
  }

  @Test
  void aSignalStaysSetUntilItIsTakenAndSignalsAreNotCounted() throws Exception {
    Reactors.run(
        () -> {
          AsyncEvent event = AsyncEvent.create();
          assertFalse(event.tryAwait());
          event.signal();
          event.signal();
          assertTrue(event.isReady());
          event.await();
          assertFalse(event.tryAwait());
          assertThrows(DeadlineExceededException.class, () -> event.await(soon()));
        });
  }

  @Test
  void closingAnEventWakesAllWaiters() throws Exception {
    Reactors.run(
        () -> {
          AsyncEvent event = AsyncEvent.create();
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 2; i++) {
              bundle.go(() -> assertThrows(ChannelClosedException.class, event::await));
            }
            Fiber.yield();
            event.close();
            bundle.await();
          }
          assertFalse(event.signal());
        });
  }

  @Test
  void aSignalToAClosedReactorIsRefused() throws Exception {
    AtomicReference<AsyncEvent> event = new AtomicReference<>();
    Reactors.run(() -> event.set(AsyncEvent.create()));
    assertFalse(event.get().signal());
  }

  // ---- mailbox

  @Test
  void mailOfEachSenderArrivesInOrder() throws Exception {
    int senders = 4;
    int each = 2_000;
    Reactors.run(
        () -> {
          Mailbox<int[]> mailbox = Mailbox.unbounded();
          List<Thread> threads = new ArrayList<>();
          for (int s = 0; s < senders; s++) {
            int sender = s;
            threads.add(
                start(
                    () -> {
                      for (int i = 0; i < each; i++) {
                        mailbox.offer(new int[] {sender, i});
                      }
                    }));
          }
          int[] next = new int[senders];
          for (int n = 0; n < senders * each; n++) {
            int[] mail = mailbox.receive();
            assertEquals(next[mail[0]]++, mail[1]);
          }
          for (Thread thread : threads) {
            thread.join();
          }
          assertTrue(mailbox.tryReceive().isEmpty());
        });
  }

  @Test
  void severalFibersShareAMailbox() throws Exception {
    Reactors.run(
        () -> {
          Mailbox<Integer> mailbox = Mailbox.unbounded();
          int[] sum = {0};
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 3; i++) {
              bundle.go(
                  () -> {
                    int value = mailbox.receive();
                    sum[0] += value;
                  });
            }
            Fiber.yield();
            for (int i = 1; i <= 3; i++) {
              mailbox.offer(i);
            }
            bundle.await();
          }
          assertEquals(6, sum[0]);
        });
  }

  @Test
  void aFullMailboxRefuses() throws Exception {
    Reactors.run(
        () -> {
          Mailbox<Integer> mailbox = Mailbox.bounded(2);
          assertTrue(mailbox.offer(1));
          assertTrue(mailbox.offer(2));
          assertFalse(mailbox.offer(3));
          assertEquals(1, mailbox.receive());
          assertTrue(mailbox.offer(3));
          assertThrows(IllegalArgumentException.class, () -> Mailbox.bounded(0));
        });
  }

  @Test
  void messagesInAClosedMailboxCanStillBeReceived() throws Exception {
    Reactors.run(
        () -> {
          Mailbox<Integer> mailbox = Mailbox.unbounded();
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> one = bundle.go(() -> mailbox.receive());
            Task<?> other =
                bundle.go(() -> assertThrows(ChannelClosedException.class, mailbox::receive));
            Fiber.yield();
            mailbox.offer(7);
            mailbox.close();
            assertFalse(mailbox.offer(8));
            assertEquals(7, one.join());
            other.join();
          }
          assertThrows(ChannelClosedException.class, mailbox::tryReceive);
          assertThrows(ChannelClosedException.class, () -> mailbox.receive(soon()));
        });
  }

  @Test
  void waitingForMailEndsAtADeadlineOrACancel() throws Exception {
    Reactors.run(
        () -> {
          Mailbox<Integer> mailbox = Mailbox.unbounded();
          assertThrows(DeadlineExceededException.class, () -> mailbox.receive(soon()));
          try (Bundle bundle = Bundle.open()) {
            Task<?> waiter =
                bundle.go(() -> assertThrows(CancelledException.class, mailbox::receive));
            Fiber.yield();
            waiter.cancel();
            waiter.join();
          }
          mailbox.offer(1);
          assertEquals(1, mailbox.receive());
        });
  }

  // ---- queue

  @Test
  void aQueueJoinsReactorsAndThreads() throws Exception {
    int each = 2_000;
    Queue<Integer> queue = Queue.bounded(4);
    AtomicLong sum = new AtomicLong();
    AtomicInteger senders = new AtomicInteger(3);
    Runnable send =
        () -> {
          for (int i = 1; i <= each; i++) {
            queue.send(i);
          }
          if (senders.decrementAndGet() == 0) {
            queue.close();
          }
        };
    Runnable receive =
        () -> {
          try {
            while (true) {
              sum.addAndGet(queue.receive());
            }
          } catch (ChannelClosedException e) {
            // the queue is closed and drained
          }
        };

    List<Thread> threads = List.of(start(send), start(receive), start(() -> inReactor(send)));
    Reactors.run(
        () -> {
          Fiber.start(send::run);
          Fiber.start(receive::run);
        });
    for (Thread thread : threads) {
      thread.join();
    }

    assertEquals(3L * each * (each + 1) / 2, sum.get());
  }

  private static void inReactor(Runnable body) {
    try {
      Reactors.run(body::run);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void waitingForAQueueEndsAtADeadlineOrACancel() throws Exception {
    Queue<Integer> queue = Queue.bounded(2);
    Reactors.run(
        () -> {
          assertThrows(DeadlineExceededException.class, () -> queue.receive(soon()));
          assertThrows(DeadlineExceededException.class, () -> queue.receive(Deadline.NOW));
          queue.send(1);
          queue.send(2);
          assertFalse(queue.trySend(3));
          assertThrows(DeadlineExceededException.class, () -> queue.send(3, soon()));
          try (Bundle bundle = Bundle.open()) {
            Task<?> waiter =
                bundle.go(() -> assertThrows(CancelledException.class, () -> queue.send(3)));
            Fiber.yield();
            waiter.cancel();
            waiter.join();
          }
          assertEquals(1, queue.receive());
          assertEquals(2, queue.tryReceive().orElseThrow());
          assertTrue(queue.tryReceive().isEmpty());
        });
    assertThrows(DeadlineExceededException.class, () -> queue.receive(soon()));
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, queue::receive);
    assertTrue(Thread.interrupted());
  }

  @Test
  void aWakeUpOfACancelledReceiverIsPassedToTheNext() throws Exception {
    Queue<Integer> queue = Queue.bounded(2);
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> leaver =
                bundle.go(
                    () -> {
                      try {
                        queue.receive();
                      } catch (CancelledException e) {
                        // expected
                      }
                    });
            Task<Integer> next = bundle.go(() -> queue.receive());
            Fiber.yield();
            leaver.cancel();
            queue.send(1); // before the cancelled fiber has run
            assertEquals(1, next.join());
          }
        });
  }

  @Test
  void closingAQueueWakesAllAndKeepsItsElements() throws Exception {
    Queue<Integer> queue = Queue.bounded(2);
    Reactors.run(
        () -> {
          queue.send(1);
          queue.send(2);
          try (Bundle bundle = Bundle.open()) {
            Task<?> sender =
                bundle.go(() -> assertThrows(ChannelClosedException.class, () -> queue.send(3)));
            Fiber.yield();
            queue.close();
            sender.join();
          }
          assertEquals(1, queue.receive());
          assertEquals(2, queue.receive());
          assertThrows(ChannelClosedException.class, queue::receive);
          assertThrows(ChannelClosedException.class, () -> queue.trySend(4));
        });
  }

  @Test
  void aReactorsThreadCantBlockInAQueue() throws Exception {
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      Queue<Integer> queue = Queue.bounded(2);
      assertThrows(WrongThreadException.class, queue::receive);
      assertTrue(queue.trySend(1));
      assertEquals(1, reactor.call(() -> queue.receive()));
    }
    assertThrows(IllegalArgumentException.class, () -> Queue.bounded(1));
  }
}
