// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** {@link Blocking}, and reports of fibers that stall the reactor. */
class BlockingTest {
  @Test
  void otherFibersRunDuringABlockingCall() throws Exception {
    List<String> log = new ArrayList<>();
    Reactors.run(
        () -> {
          CountDownLatch latch = new CountDownLatch(1);
          Fiber.start(
              () -> {
                log.add("meanwhile");
                latch.countDown();
              });
          Thread thread =
              Blocking.call(
                  () -> {
                    latch.await();
                    return Thread.currentThread();
                  });
          assertTrue(thread.isDaemon());
          assertTrue(thread.getName().startsWith("weft-blocking-"), thread.getName());
          log.add("done");
        });
    assertEquals(List.of("meanwhile", "done"), log);
  }

  @Test
  void exceptionsOfABlockingCallAreRethrownUnchanged() throws Exception {
    Reactors.run(
        () -> {
          IOException failure = new IOException("there");
          IOException thrown =
              assertThrows(
                  IOException.class,
                  () ->
                      Blocking.call(
                          () -> {
                            throw failure;
                          }));
          assertSame(failure, thrown);
          assertThrows(DeadlineExceededException.class, () -> Blocking.call(() -> 1, Deadline.NOW));
        });
  }

  @Test
  void aCancelInterruptsTheCallAndWaitsForItsEnd() throws Exception {
    AtomicReference<String> end = new AtomicReference<>();
    Reactors.run(
        () -> {
          CountDownLatch running = new CountDownLatch(1);
          try (Bundle bundle = Bundle.open()) {
            Task<?> task =
                bundle.go(
                    () -> {
                      CancelledException thrown =
                          assertThrows(
                              CancelledException.class,
                              () ->
                                  Blocking.call(
                                      () -> {
                                        running.countDown();
                                        try {
                                          new CountDownLatch(1).await();
                                          return null;
                                        } finally {
                                          end.set("interrupted");
                                        }
                                      }));
                      assertEquals("interrupted", end.get());
                      assertInstanceOf(InterruptedException.class, thrown.getSuppressed()[0]);
                    });
            Fiber.yield();
            Blocking.call(
                () -> {
                  running.await();
                  return null;
                });
            task.cancel();
            task.join();
          }
        });
  }

  @Test
  void aResultReturnedDespiteACancelIsNotLost() throws Exception {
    Reactors.run(
        () -> {
          CountDownLatch running = new CountDownLatch(1);
          try (Bundle bundle = Bundle.open()) {
            Task<String> task =
                bundle.go(
                    () -> {
                      String result =
                          Blocking.call(
                              () -> {
                                running.countDown();
                                try {
                                  new CountDownLatch(1).await();
                                } catch (InterruptedException e) {
                                  return "all the same";
                                }
                                return "never";
                              });
                      assertThrows(CancelledException.class, Fiber::yield);
                      return result;
                    });
            Fiber.yield();
            Blocking.call(
                () -> {
                  running.await();
                  return null;
                });
            task.cancel();
            assertEquals("all the same", task.join());
          }
        });
  }

  /** The fiber returns from the call only after the blocking thread has left it. */
  @Test
  void aCallThatIgnoresItsCancelIsAwaited() throws Exception {
    Reactors.run(
        () -> {
          CountDownLatch running = new CountDownLatch(1);
          CountDownLatch leave = new CountDownLatch(1);
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> task =
                bundle.go(
                    () ->
                        Blocking.call(
                            () -> {
                              running.countDown();
                              awaitUninterruptibly(leave);
                              return 7;
                            }));
            Fiber.yield();
            Blocking.call(
                () -> {
                  running.await();
                  return null;
                });
            task.cancel();
            Fiber.yield();
            Fiber.yield();
            assertEquals(Task.State.RUNNING, task.state());
            leave.countDown();
            assertEquals(7, task.join());
          }
        });
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        // an interrupt by the cancel
      }
    }
  }

  /** A call queued for a thread has not begun: a cancel removes it, and it never runs. */
  @Test
  void concurrentCallsAreLimitedByTheThreadsAndQueuedOnesCanBeCancelled() throws Exception {
    AtomicInteger running = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(Blocking.THREADS_MAX);
    CountDownLatch leave = new CountDownLatch(1);
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            for (int i = 0; i < Blocking.THREADS_MAX; i++) {
              bundle.go(
                  () ->
                      Blocking.call(
                          () -> {
                            running.incrementAndGet();
                            full.countDown();
                            leave.await();
                            return null;
                          }));
            }
            Fiber.yield();
            full.await(); // the JDK's way, since no thread is left for Blocking
            Task<?> late = bundle.go(() -> Blocking.call(running::incrementAndGet));
            Fiber.yield();
            late.cancel();
            assertThrows(TaskFailedException.class, late::join);
            leave.countDown();
            bundle.await();
            assertEquals(Task.State.CANCELLED, late.state());
          }
        });
    assertEquals(Blocking.THREADS_MAX, running.get());
  }

  /**
   * A stall may be reported before or after the fiber is in the method that the test expects, since
   * loading classes takes long too. The fiber stalls again until it is reported there.
   */
  @Test
  void aFiberThatStallsTheReactorIsReportedWithItsStack() throws Exception {
    List<Stall> stalls = new CopyOnWriteArrayList<>();
    ReactorOptions options = Reactors.options().withStallHandler(Duration.ofMillis(1), stalls::add);
    Reactors.run(
        options,
        () -> {
          for (int times = 1; stalls.stream().noneMatch(BlockingTest::isInPlace); times++) {
            spinUntilReported(stalls, times);
            Fiber.yield();
          }
        });

    Stall stall = stalls.stream().filter(BlockingTest::isInPlace).findFirst().orElseThrow();
    assertEquals("main", stall.fiber());
    assertFalse(stall.blocked());
    assertTrue(stall.lasting().compareTo(Duration.ofMillis(1)) >= 0);
    assertTrue(stall.toString().contains("spinUntilReported"), stall::toString);
  }

  @Test
  void aStallHandlerThatThrowsDoesNotStopTheWatchdog() throws Exception {
    List<Stall> stalls = new CopyOnWriteArrayList<>();
    ReactorOptions options =
        Reactors.options()
            .withStallHandler(
                Duration.ofMillis(1),
                stall -> {
                  stalls.add(stall);
                  throw new IllegalStateException("of the test's: the handler throws");
                });
    Reactors.run(
        options,
        () -> {
          spinUntilReported(stalls, 1);
          Fiber.yield();
          spinUntilReported(stalls, 2);
        });
  }

  @Test
  void theNumberOfThreadsIsAtLeastOne() {
    assertEquals(3, Blocking.threads("3"));
    for (String wrong : List.of("0", "-1", "many", "")) {
      String message =
          assertThrows(IllegalArgumentException.class, () -> Blocking.threads(wrong)).getMessage();
      assertEquals(
          "the system property dev.weft.blocking.threads must be at least 1: " + wrong, message);
    }
  }

  private static boolean isInPlace(Stall stall) {
    return stall.stack().stream()
        .anyMatch(frame -> frame.getMethodName().equals("spinUntilReported"));
  }

  private static void spinUntilReported(List<Stall> stalls, int times) {
    while (stalls.size() < times) {
      Thread.onSpinWait();
    }
  }
}
