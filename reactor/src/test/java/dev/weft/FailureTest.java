// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlockException;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A failing handler, task, fiber or close of a reactor affects no other fiber. */
class FailureTest {
  private static long descriptors() throws IOException {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.count();
    }
  }

  @Test
  void anUncaughtExceptionHandlerThatThrowsAffectsNoOtherFiber() throws Exception {
    AtomicInteger ended = new AtomicInteger();
    try (Uncaught uncaught = new Uncaught();
        Reactor reactor =
            Reactors.open(
                Reactors.options()
                    .withUncaughtExceptionHandler(
                        (fiber, failure) -> {
                          throw new StackOverflowError("the handler");
                        }))) {
      reactor.run(
          () -> {
            for (int i = 0; i < 2; i++) {
              Fiber.start(
                  () -> {
                    throw new IllegalStateException("the fiber");
                  });
              Fiber.start(
                  () -> {
                    Fiber.yield();
                    ended.incrementAndGet();
                  });
            }
            Fiber.yield();
            ended.incrementAndGet();
          });

      assertEquals(3, ended.get());
      assertEquals(
          List.of("the fiber", "the handler", "the fiber", "the handler"), uncaught.messages());
    }
  }

  @Test
  void tasksQueuedAfterAFailingTaskStillRunIfTheHandlerThrows() throws Exception {
    List<String> done = new ArrayList<>();
    try (Uncaught uncaught = new Uncaught(true);
        Reactor reactor = Reactors.open(Reactors.options())) {
      CountDownLatch go = new CountDownLatch(1);
      reactor.run(
          () -> {
            reactor.execute(
                () -> {
                  throw new IllegalStateException("the task");
                });
            reactor.execute(() -> done.add("next task"));
            go.countDown();
            done.add("call " + Blocking.call(() -> "returned " + go.getCount()));
          });

      assertEquals(List.of("next task", "call returned 0"), done);
      assertEquals(List.of("the task"), uncaught.messages());
    }
  }

  /** Waits in a shield for a latch that is never opened. */
  private static void awaitShielded() throws Exception {
    Latch never = Latch.of(1);
    Fiber.shielded(Deadline.NEVER, () -> never.await());
  }

  @Test
  void aDeadlockFoundByCloseStillClosesEverything() throws Exception {
    Reactors.open(Reactors.options()).close(); // opens what is opened once per process
    long before = descriptors();
    for (int i = 0; i < 3; i++) {
      Reactor reactor = Reactors.open(Reactors.options());
      AtomicInteger cleanups = new AtomicInteger();
      Fiber.start(
          () -> {
            try {
              Fiber.sleep(Duration.ofDays(1));
            } finally {
              cleanups.incrementAndGet();
              awaitShielded();
            }
          });

      assertThrows(DeadlockException.class, reactor::close);
      assertEquals(1, cleanups.get());
      assertThrows(RejectedExecutionException.class, () -> reactor.execute(() -> {}));
      reactor.close();
    }
    assertEquals(before, descriptors());
  }

  @Test
  void aFiberStartedByATaskDuringCloseRunsAndIsCancelled() throws Exception {
    List<String> log = new ArrayList<>();
    Reactor reactor = Reactors.open(Reactors.options());
    reactor.execute(
        () ->
            Fiber.start(
                () -> {
                  log.add("begins");
                  try {
                    Fiber.yield();
                    log.add("continues");
                  } finally {
                    log.add("cleans up");
                    reactor.execute(() -> log.add("last task"));
                  }
                }));

    reactor.close();

    assertEquals(List.of("begins", "cleans up", "last task"), log);
  }

  @Test
  void aReactorIsClosedEvenIfTheDestructorOfItsAttachmentThrows() throws Exception {
    Reactor reactor = Reactors.open(Reactors.options());
    reactor.attach(
        "cookie",
        cookie -> {
          throw new IllegalStateException("destructor");
        });

    assertThrows(IllegalStateException.class, reactor::close);

    Reactors.run(() -> {});
  }

  /** A call that ends when it is interrupted, and whose {@code toString} throws. */
  private static final class Nameless implements Callable<Integer> {
    @Override
    public Integer call() throws Exception {
      new CountDownLatch(1).await();
      return 1;
    }

    @Override
    public String toString() {
      throw new StackOverflowError("toString");
    }
  }

  @Test
  void aCallWhoseToStringThrowsIsCancelledLikeAnyOther() throws Exception {
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Reactors.run(
        () -> {
          Fiber fiber =
              Fiber.start(
                  () -> {
                    try {
                      Blocking.call(new Nameless());
                    } catch (CancelledException e) {
                      thrown.set(e);
                    }
                  });
          Fiber.yield();
          fiber.cancel();
        });
    String message = thrown.get().getMessage();
    assertTrue(message.contains("was cancelled"), message);
  }
}
