// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.error.CancelledException;
import dev.weft.error.ChannelClosedException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.sync.Channel;
import dev.weft.sync.Latch;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * The use cases of structured concurrency in libdill's documentation, each with all outcomes of its
 * race. Where libdill's examples sleep for a random time, one side waits for the other here, so
 * that the outcome is determined.
 */
class UseCasesTest {
  private final List<String> log = new ArrayList<>();

  /** Waits indefinitely, and reports how the wait ended. */
  private void work(String name) {
    try {
      Fiber.sleepUntil(Deadline.NEVER);
    } catch (CancelledException e) {
      log.add(name + " cancelled");
      throw e;
    }
  }

  /** Waits until the latch opens, and reports how the wait ended. */
  private void workUntil(Latch done, String name) {
    try {
      done.await();
      log.add(name + " finished");
    } catch (CancelledException e) {
      log.add(name + " cancelled");
      throw e;
    }
  }

  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(1));
  }

  private static Deadline inTime() {
    return Deadline.after(Duration.ofHours(1));
  }

  // ---- a parent closes its child

  @Test
  void aParentClosesAChildThatHasFinished() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> log.add("child finished"));
            Fiber.yield();
            log.add("parent closes");
          }
          log.add("closed");
        });
    assertEquals(List.of("child finished", "parent closes", "closed"), log);
  }

  @Test
  void aParentClosesAChildThatIsStillWorking() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> work("child"));
            Fiber.yield();
            log.add("parent closes");
          }
          log.add("closed");
        });
    assertEquals(List.of("parent closes", "child cancelled", "closed"), log);
  }

  // ---- a parent closes several children

  @Test
  void aParentClosesSeveralChildrenWhateverEachIsDoing() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> work("first"));
            bundle.go(() -> log.add("second finished"));
            bundle.go(() -> work("third"));
            Fiber.yield();
            log.add("parent closes");
          }
          log.add("closed");
        });
    assertEquals(
        List.of("second finished", "parent closes", "first cancelled", "third cancelled", "closed"),
        log);
  }

  // ---- a parent waits for the result of its child

  @Test
  void aChildThatFinishesFirstWaitsForItsParent() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> result = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendResult(result));
            Fiber.yield();
            log.add("parent receives");
            assertEquals(42, result.receive());
            Fiber.yield();
          }
        });
    assertEquals(List.of("child sends", "parent receives", "child has sent"), log);
  }

  @Test
  void aParentThatFinishesFirstWaitsForItsChild() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> result = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendResult(result));
            log.add("parent receives");
            assertEquals(42, result.receive());
          }
        });
    assertEquals(List.of("parent receives", "child sends", "child has sent"), log);
  }

  private void sendResult(Channel<Integer> result) {
    log.add("child sends");
    result.send(42);
    log.add("child has sent");
  }

  // ---- and with a grace period

  @Test
  void aResultThatIsReadyIsReceivedWithinTheGracePeriod() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> result = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendResult(result));
            Fiber.yield();
            assertEquals(42, result.receive(inTime()));
          }
        });
  }

  @Test
  void aResultThatComesWithinTheGracePeriodIsReceived() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> result = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> sendResult(result));
            assertEquals(42, result.receive(inTime()));
          }
        });
  }

  @Test
  void aChildThatMissesTheGracePeriodIsCancelled() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> result = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  work("child");
                  sendResult(result);
                });
            assertThrows(DeadlineExceededException.class, () -> result.receive(soon()));
            log.add("timed out");
          }
          log.add("closed");
        });
    assertEquals(List.of("timed out", "child cancelled", "closed"), log);
  }

  // ---- a parent closes several children with a grace period

  @Test
  void theParentContinuesWithTheLastChildThatEndsInTime() throws Exception {
    Reactors.run(
        () -> {
          Latch done = Latch.of(1);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> workUntil(done, "first"));
            bundle.go(() -> workUntil(done, "second"));
            bundle.go(done::countDown);
            bundle.await(inTime());
            log.add("all in time");
          }
        });
    assertEquals(List.of("first finished", "second finished", "all in time"), log);
  }

  @Test
  void childrenThatAreLeftAfterTheGracePeriodAreCancelled() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> work("first"));
            Task<?> second = bundle.go(() -> log.add("second finished"));
            bundle.go(() -> work("third"));
            second.join(); // in time, however slow the machine is
            assertThrows(DeadlineExceededException.class, () -> bundle.await(soon()));
            log.add("timed out");
          }
          log.add("closed");
        });
    assertEquals(
        List.of("second finished", "timed out", "first cancelled", "third cancelled", "closed"),
        log);
  }

  // ---- a parent broadcasts a shutdown signal

  /** Works in an endless loop, and checks between two rounds whether to stop. */
  private void serve(String name, Channel<Integer> shutdown) {
    try {
      while (shutdown.tryReceive().isEmpty()) {
        Fiber.yield();
      }
    } catch (ChannelClosedException e) {
      log.add(name + " stopped");
    }
  }

  @Test
  void aShutdownSignalReachesAllChildrenAndTheyEndInTime() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> shutdown = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            for (String name : List.of("first", "second", "third")) {
              bundle.go(() -> serve(name, shutdown));
            }
            Fiber.yield();
            shutdown.done();
            bundle.await(inTime());
            log.add("all in time");
          }
        });
    assertEquals(List.of("first stopped", "second stopped", "third stopped", "all in time"), log);
  }

  @Test
  void aChildThatIgnoresTheShutdownSignalIsCancelled() throws Exception {
    Reactors.run(
        () -> {
          Channel<Integer> shutdown = Channel.rendezvous();
          try (Bundle bundle = Bundle.open()) {
            Task<?> first = bundle.go(() -> serve("first", shutdown));
            bundle.go(() -> work("second"));
            Task<?> third = bundle.go(() -> serve("third", shutdown));
            Fiber.yield();
            shutdown.done();
            first.join();
            third.join();
            assertThrows(DeadlineExceededException.class, () -> bundle.await(soon()));
            log.add("timed out");
          }
          log.add("closed");
        });
    assertEquals(
        List.of("first stopped", "third stopped", "timed out", "second cancelled", "closed"), log);
  }

  // ---- objects with fibers of their own

  /** Like a connection with a sender and a receiver fiber in a bundle of its own. */
  private final class Connection implements AutoCloseable {
    private final Bundle fibers = Bundle.open();

    Connection() {
      fibers.go(() -> work("sender"));
      fibers.go(() -> work("receiver"));
    }

    @Override
    public void close() {
      fibers.close();
    }
  }

  @Test
  void theBackgroundFibersOfAnObjectEndWithIt() throws Exception {
    Reactors.run(
        () -> {
          try (Connection _ = new Connection()) {
            Fiber.yield();
            log.add("parent closes");
          }
          log.add("closed");
        });
    assertEquals(List.of("parent closes", "sender cancelled", "receiver cancelled", "closed"), log);
  }
}
