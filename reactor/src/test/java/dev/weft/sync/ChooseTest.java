// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.Throwing.nothing;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Awaitable;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ScopeExpiredException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What {@link Choose} promises. The numbers are those of the tests in libdill's choose.c. */
class ChooseTest {
  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(2));
  }

  private static Choose<Integer> receiving(Channel<Integer> channel) {
    return Choose.<Integer>create().receive(channel, value -> value);
  }

  /** 1, 2. */
  @Test
  void aValueIsReceivedImmediatelyOrLater() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  channel.send(555);
                  Fiber.yield();
                  Fiber.yield();
                  channel.send(666);
                });
            Fiber.yield();
            assertEquals(555, receiving(channel).await());
            assertEquals(666, receiving(channel).await());
          }
        });
  }

  /** 3, 4. */
  @Test
  void aValueIsSentImmediatelyOrLater() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> receiver =
                bundle.go(
                    () -> {
                      int first = channel.receive();
                      Fiber.yield();
                      Fiber.yield();
                      return first + channel.receive();
                    });
            Fiber.yield();
            Choose<String> choose = Choose.<String>create().send(channel, 111, () -> "sent");
            assertEquals("sent", choose.await());
            assertEquals("sent", choose.await());
            assertEquals(222, receiver.join());
          }
        });
  }

  /** 5. */
  @Test
  void theReadyCaseIsChosen() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> one = Channel.buffered(1);
          Channel<Integer> other = Channel.buffered(1);
          Choose<String> choose =
              Choose.<String>create()
                  .receive(one, v -> "one " + v)
                  .receive(other, v -> "other " + v);
          other.send(2);
          assertEquals("other 2", choose.await());
          one.send(1);
          assertEquals("one 1", choose.await());
        });
  }

  /** 6, 7. */
  @Test
  void withoutAReadyCaseOtherwiseOrTheTimeoutIsChosen() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(1);
          assertEquals(0, receiving(channel).otherwise(() -> 0).await());
          assertEquals(-1, receiving(channel).timeout(Deadline.NOW, () -> -1).await());
          assertEquals(7, Choose.<Integer>create().otherwise(() -> 7).await());
          channel.send(1);
          assertEquals(1, receiving(channel).timeout(Deadline.NOW, () -> -1).await());
          assertThrows(
              DeadlineExceededException.class, () -> receiving(channel).await(Deadline.NOW));
        });
  }

  /** 8, 9. */
  @Test
  void casesAreQueuedInOrderWithOtherWaiters() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> in = Channel.rendezvous();
          Channel<Integer> out = Channel.rendezvous();
          List<Integer> got = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> in.send(1));
            bundle.go(() -> in.send(2));
            bundle.go(() -> got.add(out.receive()));
            bundle.go(() -> got.add(10 * out.receive()));
            Fiber.yield();
            assertEquals(1, receiving(in).await());
            assertEquals(2, receiving(in).await());
            Choose.<Integer>create().send(out, 3, () -> 0).await();
            Choose.<Integer>create().send(out, 4, () -> 0).await();
            bundle.await();
          }
          assertEquals(List.of(3, 40), got);
        });
  }

  /** 10. */
  @Test
  void twoChoosingFibersExchangeAValue() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> other =
                bundle.go(() -> Choose.<Integer>create().send(channel, 5, () -> 1).await());
            Fiber.yield();
            assertEquals(5, receiving(channel).await());
            assertEquals(1, other.join());
          }
        });
  }

  /** 12. */
  @Test
  void theEndOfAChannelMakesItsCaseReadyAndIsThrown() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Channel<Integer> open = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(channel::done);
            Choose<Integer> choose = receiving(channel).receive(open, v -> v);
            assertThrows(ChannelClosedException.class, choose::await);
            assertThrows(ChannelClosedException.class, choose::await);
          }
        });
  }

  @Test
  void theEndOfAChannelMayHaveAHandlerOfItsOwn() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.buffered(1);
          Choose<Integer> choose = receiving(channel).closed(channel, () -> -1);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  channel.send(1);
                  channel.done();
                });
            assertEquals(1, choose.await());
            assertEquals(-1, choose.await());
          }
          Channel<Integer> later = Channel.rendezvous();
          Choose<Integer> sending =
              Choose.<Integer>create().send(later, 1, () -> 1).closed(later, () -> -1);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(later::done);
            assertEquals(-1, sending.await());
            assertEquals(-1, sending.await());
          }
        });
  }

  /** 13, 14. */
  @Test
  void aTimeoutIsChosenOnlyIfItPassesFirst() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          assertEquals(-1, receiving(channel).timeout(soon(), () -> -1).await());
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> channel.send(4444));
            Deadline late = Deadline.after(Duration.ofHours(1));
            assertEquals(4444, receiving(channel).timeout(late, () -> -1).await());
          }
          assertThrows(DeadlineExceededException.class, () -> receiving(channel).await(soon()));
          assertFalse(channel.trySend(1)); // the choosing fiber is no longer queued
        });
  }

  @Test
  void aDeadlineBeforeTheTimeoutIsAFailure() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Deadline deadline = soon();
          Deadline later = Deadline.after(Duration.ofHours(1));
          assertThrows(
              DeadlineExceededException.class,
              () -> receiving(channel).timeout(later, () -> -1).await(deadline));
        });
  }

  @Test
  void theDeadlineOfABlockIsNotTheTimeout() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Deadline late = Deadline.after(Duration.ofHours(1));
          try (Bundle _ = Bundle.open(soon())) {
            assertThrows(
                ScopeExpiredException.class,
                () -> receiving(channel).timeout(late, () -> -1).await());
          }
        });
  }

  /** 15. */
  @Test
  void inOrderTheFirstReadyCaseIsChosen() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> one = Channel.buffered(1);
          Channel<Integer> other = Channel.buffered(1);
          Choose<Integer> choose =
              Choose.<Integer>inOrder().receive(one, v -> v).receive(other, v -> v);
          for (int i = 0; i < 100; i++) {
            one.send(1);
            other.trySend(2);
            assertEquals(1, choose.await());
          }
          assertEquals(2, other.receive());
        });
  }

  @Test
  void aFairChooseStarvesNoCase() throws Exception {
    Reactors.run(
        () -> {
          Choose<Integer> choose = Choose.create();
          List<Channel<Integer>> channels = new ArrayList<>();
          for (int i = 0; i < 16; i++) {
            Channel<Integer> channel = Channel.buffered(1);
            channels.add(channel);
            choose.receive(channel, v -> v);
          }
          Set<Integer> chosen = new HashSet<>();
          for (int n = 0; n < 1000; n++) {
            for (int i = 0; i < 16; i++) {
              channels.get(i).trySend(i);
            }
            chosen.add(choose.await());
          }
          assertEquals(16, chosen.size());
        });
  }

  /** 16. */
  @Test
  void oneChannelMayHaveSeveralCasesAndAFiberDoesNotSendToItself() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Choose<Integer> choose =
              receiving(channel)
                  .receive(channel, v -> v)
                  .send(channel, 1, () -> 0)
                  .timeout(soon(), () -> -1);
          assertEquals(-1, choose.await());
          assertEquals(-1, choose.await());
        });
  }

  @Test
  void casesNotChosenHaveNoEffect() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> one = Channel.rendezvous();
          Channel<Integer> other = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> chooser =
                bundle.go(
                    () ->
                        Choose.<Integer>create()
                            .receive(one, v -> v)
                            .receive(other, v -> v)
                            .await());
            Fiber.yield();
            assertTrue(one.trySend(1));
            assertFalse(other.trySend(2)); // before the choosing fiber has run again
            assertEquals(1, chooser.join());
          }
        });
  }

  @Test
  void aCancelledChooseIsInNoWaitQueue() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<?> chooser =
                bundle.go(
                    () -> assertThrows(CancelledException.class, () -> receiving(channel).await()));
            Fiber.yield();
            chooser.cancel();
            assertFalse(channel.trySend(1));
            chooser.join();
          }
        });
  }

  @Test
  void tasksLatchesEventsAndMailboxesCanBeChosen() throws Exception {
    Reactors.run(
        () -> {
          Latch latch = Latch.of(1);
          AsyncEvent event = AsyncEvent.create();
          Mailbox<String> mailbox = Mailbox.unbounded();
          Channel<Integer> go = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> task = bundle.go(() -> go.receive());
            Choose<String> choose =
                Choose.<String>create()
                    .ready(task, () -> "task")
                    .ready(event, () -> "event")
                    .receive(mailbox, word -> word);
            bundle.go(() -> event.signal());
            assertEquals("event", choose.await());
            bundle.go(() -> mailbox.offer("mail"));
            assertEquals("mail", choose.await());
            bundle.go(() -> go.send(1));
            assertEquals("task", choose.await());
            bundle.go(latch::countDown);
            assertEquals("open", Choose.<String>create().ready(latch, () -> "open").await());
            assertEquals("open", Choose.<String>create().ready(latch, () -> "open").await());
          }
          Awaitable unsupported = () -> true;
          assertThrows(
              IllegalArgumentException.class,
              () -> Choose.<String>create().ready(unsupported, () -> ""));
        });
  }

  @Test
  void oneFiberAtATimeMayWaitInAChoose() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Choose<Integer> choose = receiving(channel);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> choose.await());
            Fiber.yield();
            assertThrows(IllegalStateException.class, choose::await);
            assertThrows(IllegalStateException.class, () -> choose.receive(channel, v -> v));
            channel.send(1);
          }
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> channel.send(2));
            assertEquals(2, choose.await()); // by another fiber, later
          }
        });
  }

  @Test
  void aHandlerMaySuspend() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Channel<Integer> other = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendLater(channel, 3));
            bundle.go(() -> sendLater(other, 4));
            int sum =
                Choose.<Integer>create().receive(channel, value -> value + other.receive()).await();
            assertEquals(7, sum);
          }
        });
  }

  private static void sendLater(Channel<Integer> channel, int value) {
    Fiber.yield();
    channel.send(value);
  }

  @Test
  void anExceptionOfAHandlerIsThrownByAwait() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Choose<Integer> choose =
              Choose.<Integer>create().receive(channel, value -> value / (value - 2));
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendLater(channel, 2));
            ArithmeticException thrown = assertThrows(ArithmeticException.class, choose::await);
            List<String> methods =
                List.of(thrown.getStackTrace()).stream()
                    .filter(frame -> frame.getClassName().equals(ChooseTest.class.getName()))
                    .map(StackTraceElement::getMethodName)
                    .filter(name -> name.contains("anExceptionOfAHandler"))
                    .toList();
            assertTrue(methods.size() >= 2, () -> "the handler and its caller: " + methods);
            bundle.go(() -> sendLater(channel, 4));
            assertEquals(2, choose.await(), "it can be awaited again");
          }
        });
  }

  @Test
  void aHandlerRunsInTheChoosingFiber() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendLater(channel, 1));
            Fiber ran = Choose.<Fiber>create().receive(channel, value -> Fiber.current()).await();
            assertEquals(Fiber.current(), ran);
          }
        });
  }

  @Test
  void aCaseNeedsAHandler() throws Exception {
    Reactors.run(
        () -> {
          Mailbox<String> mailbox = Mailbox.unbounded();
          Choose<String> choice = Choose.create();

          assertThrows(NullPointerException.class, () -> choice.receive(mailbox, nothing()));
          assertThrows(NullPointerException.class, () -> choice.ready(Latch.of(0), nothing()));
          assertThrows(NullPointerException.class, () -> choice.otherwise(nothing()));
          assertThrows(NullPointerException.class, () -> choice.timeout(nothing(), () -> "late"));
        });
  }

  @Test
  void aDeadlineBeforeTheTimeoutIsThrown() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> channel = Channel.rendezvous();
          Choose<Integer> choose =
              receiving(channel).timeout(Deadline.after(Duration.ofHours(1)), () -> -1);
          DeadlineExceededException thrown =
              assertThrows(DeadlineExceededException.class, () -> choose.await(soon()));
          assertEquals("choose choice of 1: deadline exceeded", thrown.getMessage());
        });
  }
}
