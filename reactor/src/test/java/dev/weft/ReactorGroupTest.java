// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.os.Libc;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Several reactors, each on a thread of its own. */
class ReactorGroupTest {
  private static final String NAME = "group under test";

  @BeforeAll
  static void skipWhereThereCanBeNoReactor() throws Exception {
    Reactors.open(Reactors.options()).close();
  }

  private static ReactorGroup start(int count) throws Exception {
    return ReactorGroup.start(NAME, count, Reactors.options());
  }

  private static boolean isAnyThreadAlive() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().startsWith(NAME));
  }

  // ---- on each

  @Test
  void runRunsTheTaskOnEachReactorAndReturnsWhenAllHaveEnded() throws Exception {
    Set<Reactor> reactors = ConcurrentHashMap.newKeySet();
    AtomicInteger ended = new AtomicInteger();
    try (ReactorGroup group = start(3)) {
      group.run(
          () -> {
            reactors.add(Reactor.current());
            Fiber.yield();
            ended.incrementAndGet();
          });

      assertEquals(3, reactors.size());
      assertEquals(3, ended.get());
    }
  }

  @Test
  void aTaskThatFailsCancelsTheOthersAndRunThrowsItsFailure() throws Exception {
    IOException failure = new IOException("broken");
    AtomicInteger number = new AtomicInteger();
    AtomicInteger cancelled = new AtomicInteger();
    try (ReactorGroup group = start(3)) {
      IOException thrown =
          assertThrows(
              IOException.class,
              () ->
                  group.run(
                      () -> {
                        if (number.incrementAndGet() == 2) {
                          throw failure;
                        }
                        sleepAndCount(cancelled);
                      }));

      assertSame(failure, thrown);
      // One of them can have been cancelled before it began.
      assertEquals(number.get() - 1, cancelled.get());
      assertEquals(7, group.submit(() -> 7).get());
    }
  }

  private static void sleepAndCount(AtomicInteger cancelled) {
    try {
      Fiber.sleepUntil(Deadline.NEVER);
    } finally {
      cancelled.incrementAndGet();
    }
  }

  @Test
  void runReturnsOnlyWhenTheCancelledTasksHaveEnded() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    AtomicInteger cleaned = new AtomicInteger();
    AtomicInteger number = new AtomicInteger();
    try (ReactorGroup group = start(2)) {
      assertThrows(
          IllegalStateException.class,
          () ->
              group.run(
                  () -> {
                    if (number.incrementAndGet() == 2) {
                      Blocking.call(
                          () -> {
                            begun.await();
                            return true;
                          });
                      throw new IllegalStateException("on purpose");
                    }
                    begun.countDown();
                    try {
                      Fiber.sleepUntil(Deadline.NEVER);
                    } finally {
                      Fiber.shielded(Deadline.NEVER, () -> Fiber.sleep(Duration.ofMillis(2)));
                      cleaned.incrementAndGet();
                    }
                  }));

      assertEquals(1, cleaned.get());
    }
  }

  @Test
  void aDeadlineCancelsTheTasks() throws Exception {
    try (ReactorGroup group = start(2)) {
      AtomicInteger begun = new AtomicInteger();
      AtomicInteger cancelled = new AtomicInteger();

      assertThrows(
          DeadlineExceededException.class,
          () ->
              group.run(
                  () -> {
                    begun.incrementAndGet();
                    sleepAndCount(cancelled);
                  },
                  Deadline.after(Duration.ofMillis(1))));

      assertEquals(begun.get(), cancelled.get());
    }
  }

  @Test
  void anInterruptedRunCancelsTheTasks() throws Exception {
    try (ReactorGroup group = start(2)) {
      AtomicInteger begun = new AtomicInteger();
      AtomicInteger cancelled = new AtomicInteger();

      Thread.currentThread().interrupt();
      assertThrows(
          CancelledException.class,
          () ->
              group.run(
                  () -> {
                    begun.incrementAndGet();
                    sleepAndCount(cancelled);
                  }));

      assertTrue(Thread.interrupted());
      assertEquals(begun.get(), cancelled.get());
    }
  }

  @Test
  void closingTheGroupEndsARun() throws Exception {
    ReactorGroup group = start(2);
    CountDownLatch begun = new CountDownLatch(2);
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread runner =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    group.run(
                        () -> {
                          begun.countDown();
                          Fiber.sleepUntil(Deadline.NEVER);
                        });
                  } catch (Throwable e) {
                    thrown.complete(e);
                  }
                });
    begun.await();

    group.close();

    assertEquals("run: the group was closed", thrown.get().getMessage());
    runner.join();
  }

  @Test
  void aFiberOfAnotherReactorWaitsForARunWhileOthersRun() throws Exception {
    Reactors.run(
        () -> {
          CountDownLatch go = new CountDownLatch(1);
          try (ReactorGroup group = start(2);
              Bundle bundle = Bundle.open()) {
            bundle.go(go::countDown);
            group.run(() -> Blocking.call(() -> waitFor(go)));
            bundle.await();
          }
        });
    assertFalse(isAnyThreadAlive());
  }

  private static boolean waitFor(CountDownLatch latch) throws InterruptedException {
    latch.await();
    return true;
  }

  // ---- calls

  @Test
  void callsGoToTheReactorWithTheFewest() throws Exception {
    try (ReactorGroup group = start(3)) {
      Set<Reactor> reactors = ConcurrentHashMap.newKeySet();
      CountDownLatch begun = new CountDownLatch(3);
      List<CompletableFuture<?>> sleeping = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        sleeping.add(
            group.submit(
                () -> {
                  reactors.add(Reactor.current());
                  begun.countDown();
                  Fiber.sleepUntil(Deadline.NEVER);
                }));
      }
      begun.await();
      assertEquals(3, reactors.size());

      ReactorThread freed = group.reactors().get(1);
      int before = freed.running();
      sleeping.forEach(future -> future.cancel(false));
      assertEquals(1, before);
    }
  }

  @Test
  void oneAfterTheOtherIsUsedWhileAllAreIdle() throws Exception {
    try (ReactorGroup group = start(2)) {
      Reactor first = group.submit(() -> Reactor.current()).get();
      Reactor second = group.submit(() -> Reactor.current()).get();

      assertNotEquals(first, second);
      assertEquals(first, group.submit(() -> Reactor.current()).get());
    }
  }

  @Test
  void aTaskHasAFutureToo() throws Exception {
    try (ReactorGroup group = start(1)) {
      assertEquals(null, group.submit(() -> {}).get());
    }
  }

  // ---- the end

  @Test
  void shutdownLetsTheFibersOfAllReactorsFinish() throws Exception {
    ReactorGroup group = start(2);
    CountDownLatch begun = new CountDownLatch(4);
    List<CompletableFuture<String>> finishing = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      finishing.add(
          group.submit(
              () -> {
                begun.countDown();
                for (int n = 0; n < 100; n++) {
                  Fiber.yield();
                }
                return "finished";
              }));
    }
    begun.await();

    group.shutdown(Deadline.NEVER);

    assertEquals(
        Collections.nCopies(4, "finished"),
        finishing.stream().map(CompletableFuture::resultNow).toList());
    assertFalse(isAnyThreadAlive());
  }

  @Test
  void theGraceIsOneForAllReactors() throws Exception {
    ReactorGroup group = start(2);
    AtomicInteger cancelled = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(2);
    for (ReactorThread reactor : group.reactors()) {
      var _ =
          reactor.submit(
              () -> {
                begun.countDown();
                sleepAndCount(cancelled);
              });
    }
    begun.await();

    group.shutdown(Deadline.after(Duration.ofMillis(1)));

    assertEquals(2, cancelled.get());
  }

  @Test
  void aClosedGroupRefusesCalls() throws Exception {
    ReactorGroup group = start(2);
    group.close();
    group.close();

    assertThrows(RejectedExecutionException.class, () -> group.run(() -> {}));
    assertThrows(
        RejectedExecutionException.class,
        () -> {
          var _ = group.submit(() -> 1);
        });
    assertFalse(isAnyThreadAlive());
  }

  @Test
  void fibersOfTheGroupCantWaitForIt() throws Exception {
    try (ReactorGroup group = start(2)) {
      for (FiberTask waiting :
          List.<FiberTask>of(
              group::close, () -> group.run(() -> {}), () -> group.shutdown(Deadline.NOW))) {
        CompletableFuture<?> future = group.submit(waiting);
        Throwable cause = assertThrows(ExecutionException.class, future::get).getCause();
        assertTrue(cause.getMessage().endsWith("they would wait for themselves"), cause::toString);
      }
    }
  }

  // ---- failures

  @Test
  void aReactorThatFailsEndsTheOthersAndCloseThrowsTheReason() throws Exception {
    IllegalStateException failure = new IllegalStateException("the loop is broken");
    List<Throwable> reported = Collections.synchronizedList(new ArrayList<>());
    AtomicInteger cancelled = new AtomicInteger();
    CountDownLatch begun = new CountDownLatch(1);
    ReactorGroup group = start(2);
    CompletableFuture<?> other =
        group
            .reactors()
            .get(1)
            .submit(
                () -> {
                  begun.countDown();
                  sleepAndCount(cancelled);
                });
    begun.await();

    var _ = group.reactors().get(0).submit(() -> ReactorThreadTest.breakLoop(failure, reported));
    assertThrows(Exception.class, other::get);
    IllegalStateException thrown = assertThrows(IllegalStateException.class, group::close);

    assertSame(failure, thrown.getCause());
    assertEquals(List.of(failure), reported);
    assertEquals(1, cancelled.get());
    RejectedExecutionException refused =
        assertThrows(RejectedExecutionException.class, () -> group.run(() -> {}));
    assertSame(failure, refused.getCause());
    assertFalse(isAnyThreadAlive());
  }

  @Test
  void aGroupThatCantBeStartedLeavesNoThread() {
    ReactorOptions options = Reactors.options().withBackend(BackendKind.IO_URING).withCpu(8000);

    assertThrows(Exception.class, () -> ReactorGroup.start(NAME, 1, options));

    assertFalse(isAnyThreadAlive());
  }

  @Test
  void severalReactorsCantHaveOneCpu() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> ReactorGroup.start(NAME, 2, Reactors.options().withCpu(0)));

    assertEquals("the options pin 2 reactors to CPU 0: use ANY_CPU", e.getMessage());
    assertThrows(IllegalArgumentException.class, () -> ReactorGroup.start(0));
  }

  // ---- CPUs

  @Test
  @Tag("needs-io-uring")
  void eachReactorHasItsOwnCpu() throws Exception {
    ReactorOptions pinned = Reactors.options().withCpu(ReactorOptions.ANY_CPU);
    try (ReactorGroup group = ReactorGroup.start(NAME, 2, pinned)) {
      assumeTrue(Libc.affinity().cardinality() > 1, "there is one CPU");

      assertEquals(2, group.reactors().stream().map(ReactorThread::cpu).distinct().count());
    }
  }

  @Test
  @Tag("needs-io-uring")
  void aGroupThatAFiberOfAPinnedReactorStartsHasItsOwnCpusToo() throws Exception {
    int available = Runtime.getRuntime().availableProcessors();
    ReactorOptions pinned = Reactors.options().withCpu(ReactorOptions.ANY_CPU);
    assumeTrue(available > 1, "there is one CPU");
    Reactors.run(
        pinned,
        () -> {
          try (ReactorGroup group = ReactorGroup.start()) {
            List<Integer> cpus = group.reactors().stream().map(ReactorThread::cpu).toList();

            assertEquals(available, group.size());
            assertEquals(available, cpus.stream().distinct().count(), cpus::toString);
          }
        });
  }
}
