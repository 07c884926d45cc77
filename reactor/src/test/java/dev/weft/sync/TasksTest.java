// SPDX-License-Identifier: Apache-2.0
package dev.weft.sync;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskFailedException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class TasksTest {
  @Test
  void allResultsComeInTheOrderOfTheTasks() throws Exception {
    Reactors.run(
        () -> {
          Latch gate = Latch.of(1);
          try (Bundle bundle = Bundle.open()) {
            Task<String> slow =
                bundle.go(
                    () -> {
                      gate.await();
                      return "slow";
                    });
            Task<String> quick = bundle.go(() -> "quick");
            assertThrows(
                DeadlineExceededException.class,
                () -> Tasks.all(List.of(slow, quick), Deadline.NOW));
            gate.countDown();
            assertEquals(List.of("slow", "quick"), Tasks.all(List.of(slow, quick)));
            assertEquals(List.of(), Tasks.all(List.<Task<String>>of()));
          }
        });
  }

  // ---- asCompleted

  private static Task<String> gated(Bundle bundle, Latch gate, String result) {
    return bundle.go(
        () -> {
          gate.await();
          return result;
        });
  }

  @Test
  void tasksComeInTheOrderOfTheirEnds() throws Exception {
    Reactors.run(
        () -> {
          Latch first = Latch.of(1);
          Latch second = Latch.of(1);
          Latch third = Latch.of(1);
          try (Bundle bundle = Bundle.open()) {
            CompletedTasks<String> tasks =
                Tasks.asCompleted(
                    List.of(
                        gated(bundle, third, "third"),
                        gated(bundle, first, "first"),
                        gated(bundle, second, "second")));
            bundle.go(
                () -> {
                  first.countDown();
                  Fiber.yield();
                  second.countDown();
                  Fiber.yield();
                  third.countDown();
                });
            Fiber.yield(); // all have begun
            List<String> results = new ArrayList<>();
            for (Task<String> next; (next = tasks.next()) != null; ) {
              results.add(next.join());
              Fiber.yield();
              Fiber.yield(); // several end before the next call
            }
            assertEquals(List.of("first", "second", "third"), results);
          }
        });
  }

  @Test
  void aFailedTaskComesLikeAnyOtherAndTheRestIsLeft() throws Exception {
    Reactors.run(
        () -> {
          Latch gate = Latch.of(1);
          try (Bundle bundle = Bundle.supervising(failure -> {})) {
            Task<String> waiting = gated(bundle, gate, "waiting");
            Task<String> failing =
                bundle.go(
                    () -> {
                      throw new IllegalStateException("on purpose");
                    });
            CompletedTasks<String> tasks = Tasks.asCompleted(List.of(waiting, failing));

            assertSame(failing, tasks.next());
            assertThrows(DeadlineExceededException.class, () -> tasks.next(Deadline.NOW));
            assertEquals(Task.State.RUNNING, waiting.state());
            gate.countDown();
            assertSame(waiting, tasks.next());
            assertNull(tasks.next());
          }
        });
  }

  @Test
  void aFailureIsThrownAndTheOthersContinue() throws Exception {
    Reactors.run(
        () -> {
          Latch gate = Latch.of(1);
          try (Bundle bundle = Bundle.supervising(failure -> {})) {
            Task<String> failing =
                bundle.go(
                    () -> {
                      throw new IllegalStateException("on purpose");
                    });
            Task<String> other =
                bundle.go(
                    () -> {
                      gate.await();
                      return "other";
                    });
            TaskFailedException failure =
                assertThrows(TaskFailedException.class, () -> Tasks.all(List.of(failing, other)));
            assertEquals("on purpose", String.valueOf(failure.getCause().getMessage()));
            gate.countDown();
            assertEquals("other", other.join());
          }
        });
  }

  @Test
  void theFirstIsTheOneThatEndsFirst() throws Exception {
    Reactors.run(
        () -> {
          Latch first = Latch.of(1);
          Latch second = Latch.of(1);
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> one =
                bundle.go(
                    () -> {
                      first.await();
                      return 1;
                    });
            Task<Integer> two =
                bundle.go(
                    () -> {
                      second.await();
                      return 2;
                    });
            assertThrows(
                DeadlineExceededException.class,
                () -> Tasks.first(List.of(one, two), Deadline.NOW));
            second.countDown();
            assertSame(two, Tasks.first(List.of(one, two)));
            first.countDown();
            one.join();
            assertSame(one, Tasks.first(List.of(one, two)));
            assertThrows(
                IllegalArgumentException.class, () -> Tasks.first(List.<Task<Integer>>of()));
          }
        });
  }

  @Test
  void aFutureOfAnotherThreadIsAwaited() throws Exception {
    Reactors.run(
        () -> {
          CompletableFuture<String> future = new CompletableFuture<>();
          Fiber waiter = Fiber.start(() -> assertEquals("done", Tasks.await(future)));
          Fiber.yield();
          Thread.ofPlatform().start(() -> future.complete("done"));
          waiter.join();
          assertEquals("done", Tasks.await(future, Deadline.NOW));
        });
  }

  @Test
  void theFailureOfAFutureIsThrown() throws Exception {
    Reactors.run(
        () -> {
          CompletableFuture<String> failed =
              CompletableFuture.failedFuture(new IllegalStateException("on purpose"));
          CompletionException failure =
              assertThrows(CompletionException.class, () -> Tasks.await(failed));
          assertEquals("on purpose", String.valueOf(failure.getCause().getMessage()));
          CompletableFuture<String> cancelled = new CompletableFuture<>();
          cancelled.cancel(false);
          assertThrows(CancellationException.class, () -> Tasks.await(cancelled));
        });
  }

  @Test
  void aWaitForAFutureEndsByItsDeadlineOrACancel() throws Exception {
    Reactors.run(
        () -> {
          CompletableFuture<String> future = new CompletableFuture<>();
          assertThrows(DeadlineExceededException.class, () -> Tasks.await(future, Deadline.NOW));
          Fiber waiter =
              Fiber.start(() -> assertThrows(CancelledException.class, () -> Tasks.await(future)));
          Fiber.yield();
          waiter.cancel();
          waiter.join();
          assertEquals(false, future.isDone());
        });
  }

  @Test
  void aThreadWithoutAReactorBlocks() throws Exception {
    CompletableFuture<String> future = new CompletableFuture<>();
    FutureTask<String> thread = new FutureTask<>(() -> Tasks.await(future));
    Thread.ofPlatform().start(thread);
    future.complete("done");
    assertEquals("done", thread.get());
  }
}
