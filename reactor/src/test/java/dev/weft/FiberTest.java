// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.Pipe;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

class FiberTest {
  private static final Duration SHORT = Duration.ofNanos(1);

  @Test
  void fibersThatYieldTakeTurnsInTheOrderOfTheirStart() throws Exception {
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          for (String name : List.of("a", "b", "c")) {
            Fiber.start(
                name,
                () -> {
                  for (int i = 0; i < 3; i++) {
                    log.add(name + i);
                    Fiber.yield();
                  }
                });
          }
        });

    assertEquals(List.of("a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"), log);
  }

  @Test
  void aStartedFiberRunsWhenItsStarterSuspends() throws Exception {
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber.start(() -> log.add("child"));
          log.add("parent");
          Fiber.yield();
          log.add("parent again");
        });

    assertEquals(List.of("parent", "child", "parent again"), log);
  }

  @Test
  void aSleepOfZeroLetsOtherFibersRun() throws Exception {
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber.start(() -> log.add("other"));
          Fiber.sleep(Duration.ZERO);
          log.add("sleeper");
        });

    assertEquals(List.of("other", "sleeper"), log);
  }

  @Test
  void joinWaitsForTheEndAndIsImmediateAfterIt() throws Exception {
    Reactors.run(
        () -> {
          Fiber child = Fiber.start(() -> Fiber.sleep(SHORT));
          assertFalse(child.isDone());

          child.join();
          assertTrue(child.isDone());
          child.join();
        });
  }

  @Test
  void severalFibersMayJoinOne() throws Exception {
    List<Integer> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber child = Fiber.start(() -> Fiber.sleep(SHORT));
          for (int i = 0; i < 3; i++) {
            int number = i;
            Fiber.start(
                () -> {
                  child.join();
                  log.add(number);
                });
          }
        });

    assertEquals(List.of(0, 1, 2), log);
  }

  @Test
  void joinThrowsWhatTheFiberThrew() throws Exception {
    IOException cause = new IOException("boom");

    Reactors.run(
        () -> {
          Fiber child =
              Fiber.start(
                  "child",
                  () -> {
                    throw cause;
                  });
          TaskFailedException e = assertThrows(TaskFailedException.class, child::join);
          assertSame(cause, e.getCause());
          assertTrue(e.getMessage().contains("child"), e.getMessage());
        });
  }

  @Test
  void anUnjoinedFailureGoesToTheHandler() throws Exception {
    AtomicReference<Throwable> seen = new AtomicReference<>();
    AtomicReference<String> name = new AtomicReference<>();
    ReactorOptions options =
        Reactors.options()
            .withUncaughtExceptionHandler(
                (fiber, failure) -> {
                  name.set(fiber.name());
                  seen.set(failure);
                });

    try (Reactor reactor = Reactors.open(options)) {
      reactor.run(
          () ->
              Fiber.start(
                  "lonely",
                  () -> {
                    throw new IllegalStateException("boom");
                  }));
    }

    assertEquals("lonely", name.get());
    assertEquals("boom", seen.get().getMessage());
  }

  @Test
  void withoutAHandlerAFailureGoesToTheDefaultHandlerOfThreads() throws Exception {
    AtomicReference<Throwable> seen = new AtomicReference<>();
    AtomicReference<String> name = new AtomicReference<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, failure) -> {
          name.set(thread.getName());
          seen.set(failure);
        });
    try (Reactor reactor = Reactors.open(Reactors.options())) {
      reactor.run(
          () ->
              Fiber.start(
                  "lonely",
                  () -> {
                    throw new IllegalStateException("boom");
                  }));
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }

    assertEquals("lonely", name.get());
    assertEquals("boom", seen.get().getMessage());
  }

  @Test
  void aJoinPastItsDeadlineLeavesTheFiberRunning() throws Exception {
    Reactors.run(
        () -> {
          Fiber child = Fiber.start(() -> Fiber.sleepUntil(Deadline.NEVER));

          assertThrows(DeadlineExceededException.class, () -> child.join(Deadline.after(SHORT)));
          assertFalse(child.isDone());
          assertFalse(child.isCancelled());

          child.cancel();
          child.join();
        });
  }

  @Test
  void aDeadlineThatHasPassedFailsAtOnce() throws Exception {
    Reactors.run(
        () -> {
          Fiber child = Fiber.start(() -> Fiber.sleep(SHORT));

          assertThrows(DeadlineExceededException.class, () -> child.join(Deadline.NOW));
          assertFalse(child.isDone(), "nothing may have run meanwhile");
        });
  }

  @Test
  void aFiberCantJoinItself() throws Exception {
    Reactors.run(
        () -> {
          Fiber self = Fiber.current();
          assertThrows(IllegalStateException.class, self::join);
        });
  }

  @Test
  void cancelEndsASleepAndEverySuspendingCallAfterIt() throws Exception {
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber child =
              Fiber.start(
                  () -> {
                    assertThrows(CancelledException.class, () -> Fiber.sleepUntil(Deadline.NEVER));
                    log.add("sleep");
                    assertThrows(CancelledException.class, Fiber::yield);
                    assertThrows(CancelledException.class, Fiber::checkCancelled);
                    assertThrows(CancelledException.class, () -> Fiber.sleep(SHORT));
                    assertThrows(CancelledException.class, () -> Fiber.start(() -> {}));
                    log.add("done");
                  });
          Fiber.yield();
          child.cancel();
          child.join();
          assertTrue(child.isCancelled());
        });

    assertEquals(List.of("sleep", "done"), log);
  }

  @Test
  void cancelReachesAFiberThatHasNotRunYet() throws Exception {
    List<String> log = new ArrayList<>();

    Reactors.run(
        () -> {
          Fiber child =
              Fiber.start(
                  () -> {
                    log.add("started");
                    Fiber.yield();
                    log.add("never");
                  });
          child.cancel();
        });

    assertEquals(List.of("started"), log);
  }

  @Test
  void aCancelledReadLeavesThePipeIntact() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            Fiber reader =
                Fiber.start(
                    () -> {
                      try (Arena mine = Arena.ofConfined()) {
                        pipe.source().read(mine.allocate(8));
                      }
                    });
            Fiber.yield();
            reader.cancel();
            reader.join();

            pipe.sink().write(arena.allocateFrom("abc"));
            MemorySegment target = arena.allocate(8);
            assertEquals(4, pipe.source().read(target));
            assertEquals("abc", target.getString(0));
          }
        });
  }

  @Test
  void aReadPastItsDeadlineFailsAndTheNextOneWorks() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(8);
            assertThrows(
                DeadlineExceededException.class,
                () -> pipe.source().read(target, Deadline.after(SHORT)));
            assertThrows(
                DeadlineExceededException.class,
                () -> pipe.source().read(target, Deadline.after(Duration.ofMillis(2))));

            pipe.sink().write(arena.allocateFrom("x"));
            assertEquals(2, pipe.source().read(target, Deadline.after(Duration.ofHours(1))));
          }
        });
  }

  /** libdill fd 7: two reads with deadlines, of which one is answered. */
  @Test
  void aReadThatCompletesInTimeIsNotEndedByItsDeadline() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe early = Pipe.open();
              Pipe late = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            Fiber inVain =
                Fiber.start(
                    () -> {
                      try (Arena mine = Arena.ofConfined()) {
                        Deadline soon = Deadline.after(Duration.ofMillis(2));
                        MemorySegment target = mine.allocate(1);
                        assertThrows(
                            DeadlineExceededException.class,
                            () -> late.source().read(target, soon));
                        early.sink().write(target);
                      }
                    });
            MemorySegment target = arena.allocate(1);
            assertEquals(1, early.source().read(target, Deadline.after(Duration.ofHours(1))));
            inVain.join();
          }
        });
  }

  /** libdill fd 9: bytes that come afterwards complete no read. */
  @Test
  void aReadPastItsDeadlineIsNoLongerInTheKernel() throws Exception {
    Reactors.run(
        () -> {
          Reactor reactor = Reactor.current();
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(1);
            Deadline soon = Deadline.after(Duration.ofMillis(1));
            assertThrows(DeadlineExceededException.class, () -> pipe.source().read(target, soon));
            Fiber.sleep(SHORT);
            ReactorStats before = reactor.stats();
            pipe.sink().write(target);
            Fiber.sleep(SHORT);
            ReactorStats spent = reactor.stats().since(before);
            assertEquals(1, spent.submissions(), "the write");
            boolean waits = reactor.backend() != BackendKind.SELECTOR; // for the write
            assertEquals(waits ? 2 : 1, spent.resumes(), "after the write and after the sleep");
          }
        });
  }

  @Test
  @Tag("needs-stack") // compares names of threads
  void aNameIsAsGivenOrMadeFromTheNumber() throws Exception {
    Reactors.run(
        () -> {
          assertEquals("main", Fiber.current().name());
          Fiber named = Fiber.start("worker", () -> {});
          Fiber unnamed = Fiber.start(() -> {});
          assertEquals("worker", named.name());
          assertEquals("worker", named.thread().getName());
          assertEquals("fiber-" + unnamed.id(), unnamed.name());
        });
  }

  @Test
  void currentReturnsTheRunningFiber() throws Exception {
    Reactors.run(
        () -> {
          Fiber main = Fiber.current();
          AtomicReference<Fiber> seen = new AtomicReference<>();
          Fiber child = Fiber.start(() -> seen.set(Fiber.current()));
          child.join();
          assertSame(child, seen.get());
          assertSame(main, Fiber.current());
        });
  }

  @Test
  void waitingForNamesTheOperation() throws Exception {
    Reactors.run(
        () -> {
          Fiber sleeper = Fiber.start(() -> Fiber.sleepUntil(Deadline.NEVER));
          Fiber joiner = Fiber.start(sleeper::join);
          Fiber.yield();
          assertEquals("sleep", sleeper.waitingFor());
          assertEquals("join " + sleeper.name(), joiner.waitingFor());
          assertEquals("", Fiber.current().waitingFor());
          joiner.cancel();
          sleeper.cancel();
        });
  }

  @Test
  void fibersThatAreAlwaysReadyDoNotStarveIo() throws Exception {
    Reactors.run(
        () -> {
          Reactor reactor = Reactor.current();
          try (Pipe pipe = Pipe.open()) {
            long[] resumesAtArrival = {-1};
            Fiber reader =
                Fiber.start(
                    () -> {
                      try (Arena arena = Arena.ofConfined()) {
                        pipe.source().read(arena.allocate(1));
                        resumesAtArrival[0] = reactor.stats().resumes();
                      }
                    });
            boolean[] stop = {false};
            for (int i = 0; i < 2; i++) {
              Fiber.start(
                  () -> {
                    while (!stop[0]) {
                      Fiber.yield();
                    }
                  });
            }
            for (int i = 0; i < 1000; i++) {
              Fiber.yield(); // the read is in the kernel now
            }
            long before = reactor.stats().resumes();
            try (Arena arena = Arena.ofConfined()) {
              pipe.sink().write(arena.allocate(1));
            }
            reader.join();
            stop[0] = true;

            // Submitted in one turn, completed in that poll or the next, run in the turn after.
            long bound = 4L * EventLoop.RESUMES_PER_TURN_MAX;
            long resumes = resumesAtArrival[0] - before;
            assertTrue(resumes <= bound, () -> resumes + " resumes, at most " + bound);
          }
        });
  }

  @Test
  void aBusyYieldMakesNoSystemCalls() throws Exception {
    Reactors.run(
        () -> {
          Reactor reactor = Reactor.current();
          for (int i = 0; i < 2 * EventLoop.RESUMES_PER_TURN_MAX; i++) {
            Fiber.yield(); // the reactor's own set-up is submitted by then
          }
          ReactorStats before = reactor.stats();
          for (int i = 0; i < 10_000; i++) {
            Fiber.yield();
          }
          ReactorStats spent = reactor.stats().since(before);
          assertEquals(0, spent.enters());
          assertEquals(10_000, spent.resumes());
        });
  }

  @Test
  void tenThousandFibersCanBeAlive() throws Exception {
    int count = 10_000;
    int[] ended = {0};

    Reactors.run(
        () -> {
          for (int i = 0; i < count; i++) {
            Fiber.start(
                () -> {
                  Fiber.yield();
                  ended[0]++;
                });
          }
        });

    assertEquals(count, ended[0]);
  }
}
