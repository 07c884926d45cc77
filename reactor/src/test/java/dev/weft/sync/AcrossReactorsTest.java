// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Awaitable;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** AsyncEvent, Mailbox and Queue between two reactors. */
class AcrossReactorsTest {
  /** The objects that the two reactors share. */
  private static final class Shared<T> {
    final CompletableFuture<T> made = new CompletableFuture<>();
    final CountDownLatch answered = new CountDownLatch(1);
  }

  private interface Body {
    void run() throws Exception;
  }

  /** Runs {@code there} in a reactor on another thread, and {@code here} in one on this. */
  private static void inTwoReactors(Body there, Body here) throws Exception {
    FutureTask<?> other =
        new FutureTask<>(
            () -> {
              Reactors.run(there::run);
              return null;
            });
    Thread.ofPlatform().start(other);
    Reactors.run(here::run);
    other.get();
  }

  /**
   * Waits for an answer without suspending: a wake-up that were sent only in this reactor's next
   * turn would never arrive.
   */
  private static void spinUntilAnswered(Shared<?> shared) {
    while (shared.answered.getCount() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aSignalArrivesWhileItsSenderComputes() throws Exception {
    Shared<AsyncEvent> shared = new Shared<>();
    inTwoReactors(
        () -> {
          AsyncEvent event = AsyncEvent.create();
          shared.made.complete(event);
          event.await();
          shared.answered.countDown();
        },
        () -> {
          shared.made.join().signal();
          spinUntilAnswered(shared);
        });
  }

  @Test
  void mailArrivesWhileItsSenderComputes() throws Exception {
    Shared<Mailbox<Integer>> shared = new Shared<>();
    inTwoReactors(
        () -> {
          Mailbox<Integer> mailbox = Mailbox.unbounded();
          shared.made.complete(mailbox);
          assertEquals(7, mailbox.receive());
          shared.answered.countDown();
        },
        () -> {
          assertTrue(shared.made.join().offer(7));
          spinUntilAnswered(shared);
        });
  }

  @Test
  void aQueueDeliversWhileItsSenderComputes() throws Exception {
    Shared<Queue<Integer>> shared = new Shared<>();
    Queue<Integer> queue = Queue.bounded(2);
    inTwoReactors(
        () -> {
          assertEquals(7, queue.receive());
          shared.answered.countDown();
        },
        () -> {
          queue.send(7);
          spinUntilAnswered(shared);
        });
  }

  @Test
  void mailOfAClosedBoxIsRefusedInAnotherReactor() throws Exception {
    Shared<Mailbox<Integer>> shared = new Shared<>();
    inTwoReactors(
        () -> {
          Mailbox<Integer> mailbox = Mailbox.bounded(1);
          shared.made.complete(mailbox);
          assertThrows(ChannelClosedException.class, mailbox::receive);
          shared.answered.countDown();
        },
        () -> {
          Mailbox<Integer> mailbox = shared.made.join();
          mailbox.close();
          assertFalse(mailbox.offer(1));
          spinUntilAnswered(shared);
        });
  }

  @Test
  void chooseRefusesSelectablesOfAnotherReactor() throws Exception {
    Shared<List<Awaitable>> shared = new Shared<>();
    Shared<Mailbox<Integer>> mail = new Shared<>();
    inTwoReactors(
        () -> {
          shared.made.complete(List.of(Latch.of(0), AsyncEvent.create()));
          mail.made.complete(Mailbox.unbounded());
        },
        () -> {
          for (Awaitable foreign : shared.made.join()) {
            assertThrows(
                WrongThreadException.class, () -> Choose.<Integer>create().ready(foreign, () -> 1));
          }
          Mailbox<Integer> foreign = mail.made.join();
          assertThrows(
              WrongThreadException.class, () -> Choose.<Integer>create().receive(foreign, v -> v));
        });
  }

  @Test
  void aClosedReactorRefusesMailAndSignals() throws Exception {
    AsyncEvent event;
    AsyncEvent signalledBefore;
    Mailbox<Integer> mailbox;
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      event = reactor.call(AsyncEvent::create);
      signalledBefore = reactor.call(AsyncEvent::create);
      mailbox = reactor.call(Mailbox::unbounded);
      assertTrue(signalledBefore.signal());
    }
    for (int i = 0; i < 3; i++) {
      assertFalse(event.signal());
      assertFalse(signalledBefore.signal());
      assertFalse(mailbox.offer(i));
    }
  }

  // ---- threads without a reactor

  @Test
  void anInterruptedThreadDoesNotEnterAQueueAndStaysInterrupted() {
    Queue<Integer> queue = Queue.bounded(2);
    Thread.currentThread().interrupt();
    assertThrows(CancelledException.class, () -> queue.send(1));
    assertThrows(CancelledException.class, queue::receive);
    assertTrue(Thread.interrupted());
    queue.send(1);
    assertEquals(1, queue.receive());
  }

  @Test
  void aPassedDeadlineOfAThreadFailsImmediately() {
    Queue<Integer> queue = Queue.bounded(2);
    Deadline past = Deadline.after(Duration.ofSeconds(-1));
    assertThrows(DeadlineExceededException.class, () -> queue.send(1, past));
    assertTrue(queue.tryReceive().isEmpty());
    assertThrows(
        DeadlineExceededException.class, () -> queue.receive(Deadline.after(Duration.ofMillis(1))));
  }

  @Test
  void aThreadDoesNowWhatCanBeDoneNow() {
    Queue<Integer> queue = Queue.bounded(2);
    queue.send(1, Deadline.NOW);
    assertEquals(1, queue.receive(Deadline.NOW));
    assertThrows(DeadlineExceededException.class, () -> queue.receive(Deadline.NOW));
  }

  @Test
  void aPassedDeadlineFailsBeforeTheConditionIsEvaluated() throws Exception {
    Reactors.run(
        () -> {
          Deadline past = Deadline.after(Duration.ofSeconds(-1));
          EventCount count = EventCount.create();
          boolean[] looked = {false};
          assertThrows(
              DeadlineExceededException.class,
              () -> count.awaitUntil(() -> looked[0] = true, past));
          assertFalse(looked[0]);
          AsyncEvent event = AsyncEvent.create();
          event.signal();
          assertThrows(DeadlineExceededException.class, () -> event.await(past));
          assertTrue(event.tryAwait());
          Fiber self = Fiber.current();
          self.cancel();
          assertThrows(CancelledException.class, () -> count.awaitUntil(() -> true));
        });
  }
}
