// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlockException;
import dev.weft.error.TaskCancelledException;
import dev.weft.error.TaskFailedException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Closing one task or fiber, and joining what was cancelled. */
class CloseTest {
  private final List<String> log = new ArrayList<>();

  private static void waitForEver() {
    Fiber.sleepUntil(Deadline.NEVER);
  }

  private void work(String name) throws Exception {
    try {
      waitForEver();
    } finally {
      Fiber.shielded(Deadline.NEVER, () -> Fiber.yield());
      log.add(name + " has cleaned up");
    }
  }

  // ---- cancelled tasks

  @Test
  void joiningACancelledTaskReturnsUnlessItHasAResult() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Fiber fiber = Fiber.start(CloseTest::waitForEver);
            Task<?> task = bundle.go(CloseTest::waitForEver);
            Task<Integer> call =
                bundle.go(
                    () -> {
                      waitForEver();
                      return 7;
                    });
            Fiber.yield();
            fiber.cancel();
            task.cancel();
            call.cancel();
            fiber.join();
            task.join();
            TaskCancelledException thrown = assertThrows(TaskCancelledException.class, call::join);
            assertInstanceOf(CancelledException.class, thrown.getCause());
            fiber.join(Deadline.NEVER); // joining an ended fiber returns as well
            task.join(Deadline.NEVER);
          }
        });
  }

  @Test
  void joiningATaskThatFailedWhileItWasCancelledThrows() throws Exception {
    Reactors.run(
        () -> {
          IOException lost = new IOException("could not be written");
          Fiber fiber = Fiber.start(() -> failWhenCancelled(lost));
          Fiber.yield();
          fiber.cancel();
          assertSame(lost, assertThrows(TaskFailedException.class, fiber::join).getCause());
        });
  }

  private static void failWhenCancelled(IOException failure) throws IOException {
    try {
      waitForEver();
    } catch (CancelledException e) {
      throw failure;
    }
  }

  // ---- close

  @Test
  void closingCancelsAndWaits() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            try (Task<?> _ = bundle.go(() -> work("task"));
                Fiber _ = Fiber.start(() -> work("fiber"))) {
              Fiber.yield();
              log.add("closing");
            }
            log.add("closed");
          }
        });
    assertEquals(List.of("closing", "fiber has cleaned up", "task has cleaned up", "closed"), log);
  }

  @Test
  void closingAgainOrAfterTheEndDoesNothing() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> task = bundle.go(() -> 7);
            Fiber.yield();
            task.close();
            task.close();
            assertEquals(7, task.join());
          }
        });
  }

  @Test
  void aFailureIsThrownByTheFirstCloseOrJoinOnly() throws Exception {
    Reactors.run(
        () -> {
          IOException lost = new IOException("could not be written");
          Fiber closed = Fiber.start(() -> failWhenCancelled(lost));
          Fiber joined = Fiber.start(() -> failWhenCancelled(lost));
          Fiber.yield();
          TaskFailedException thrown = assertThrows(TaskFailedException.class, closed::close);
          assertSame(lost, thrown.getCause());
          closed.close();
          joined.cancel();
          assertThrows(TaskFailedException.class, joined::join);
          joined.close();
          assertThrows(TaskFailedException.class, joined::join);
        });
  }

  @Test
  void closeIsCompletedDespiteACancelOrDeadlineOfTheCaller() throws Exception {
    Reactors.run(
        () -> {
          Fiber worker = Fiber.start(() -> work("worker"));
          Fiber closer =
              Fiber.start(
                  () -> {
                    try (Bundle _ = Bundle.open(Deadline.NOW)) {
                      worker.close();
                      log.add("closed");
                    }
                  });
          Fiber.yield();
          closer.cancel();
          closer.join();
        });
    assertEquals(List.of("worker has cleaned up", "closed"), log);
  }

  @Test
  void anyFiberMayCloseAndSeveralMayDoSoConcurrently() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> worker = bundle.go(() -> work("worker"));
            Fiber.yield();
            for (int i = 0; i < 2; i++) {
              bundle.go(
                  () -> {
                    worker.close();
                    log.add("closed");
                  });
            }
            bundle.await();
          }
        });
    assertEquals(List.of("worker has cleaned up", "closed", "closed"), log);
  }

  @Test
  void aTaskCantCloseItselfNorCanItsChildren() throws Exception {
    Reactors.run(
        () -> {
          List<Task<?>> tasks = new ArrayList<>();
          try (Bundle bundle = Bundle.open()) {
            tasks.add(bundle.go("parent", () -> closeFromBelow(tasks.getFirst())));
            bundle.await();
          }
        });
    assertEquals(
        List.of(
            "parent can't close itself",
            "child can't close parent: it is in it, and would wait for itself"),
        log);
  }

  private void closeFromBelow(Task<?> task) {
    log.add("" + assertThrows(IllegalStateException.class, task::close).getMessage());
    try (Bundle inner = Bundle.open()) {
      inner.go(
          "child",
          () -> log.add("" + assertThrows(IllegalStateException.class, task::close).getMessage()));
      inner.await();
    }
  }

  @Test
  void fibersThatCloseEachOtherAreADeadlockAndAreEnded() throws Exception {
    DeadlockException thrown =
        assertThrows(
            DeadlockException.class,
            () ->
                Reactors.run(
                    () -> {
                      List<Fiber> fibers = new ArrayList<>();
                      fibers.add(Fiber.start("one", () -> closeOther(fibers, 1)));
                      fibers.add(Fiber.start("other", () -> closeOther(fibers, 0)));
                    }));
    assertTrue(thrown.getMessage().contains("one: close other"), thrown.getMessage());
    assertEquals(List.of("not closed", "not closed"), log);
  }

  private void closeOther(List<Fiber> fibers, int index) {
    try {
      fibers.get(index).close();
    } catch (CancelledException e) {
      log.add("not closed");
    }
  }
}
