// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.TaskCancelledException;
import dev.weft.error.TaskFailedException;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;

/** Exceptions whose methods throw, and handlers that throw, break neither bundle nor reactor. */
class HostileExceptionTest {
  /** An exception each of whose methods throws. */
  private static final class Hostile extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public String toString() {
      throw new IllegalStateException("toString");
    }

    @Override
    public String getMessage() {
      throw new IllegalStateException("getMessage");
    }

    @Override
    public StackTraceElement[] getStackTrace() {
      throw new IllegalStateException("getStackTrace");
    }

    @Override
    public void setStackTrace(StackTraceElement[] trace) {
      throw new IllegalStateException("setStackTrace");
    }
  }

  /** An exception whose constructor throws. */
  private static final class Unborn extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;

    @Override
    public synchronized Throwable fillInStackTrace() {
      throw new IllegalStateException("fillInStackTrace");
    }
  }

  private final List<String> log = new ArrayList<>();

  /** Throws {@code thrown} from some calls deep, after a suspension, through a finally block. */
  private void fail(RuntimeException thrown) {
    try {
      failDeeper(thrown);
    } finally {
      log.add("finally");
    }
  }

  private static void failDeeper(RuntimeException thrown) {
    Fiber.yield();
    throw thrown;
  }

  @Test
  void aChildThatThrowsAHostileExceptionFailsItsBundle() throws Exception {
    Hostile hostile = new Hostile();
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open();
          bundle.go("child", () -> fail(hostile));
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::await);
          bundle.close();
          assertSame(hostile, thrown.getCause());
          assertEquals(
              "child failed: dev.weft.HostileExceptionTest$Hostile (its toString() threw"
                  + " java.lang.IllegalStateException)",
              thrown.getMessage());
        });
    assertEquals(List.of("finally"), log);
  }

  @Test
  void aFiberThatThrowsAHostileExceptionCanBeJoinedAndClosed() throws Exception {
    Hostile hostile = new Hostile();
    Reactors.run(
        () -> {
          Fiber joined = Fiber.start(() -> fail(hostile));
          assertSame(hostile, assertThrows(TaskFailedException.class, joined::join).getCause());
          Fiber closed = Fiber.start(() -> failWhenCancelled(hostile));
          Fiber.yield();
          assertSame(hostile, assertThrows(TaskFailedException.class, closed::close).getCause());
          Fiber.yield();
        });
    assertEquals(List.of("finally"), log);
  }

  private static void failWhenCancelled(RuntimeException thrown) {
    try {
      Fiber.sleepUntil(Deadline.NEVER);
    } finally {
      throwIt(thrown);
    }
  }

  private static void throwIt(RuntimeException thrown) {
    throw thrown;
  }

  @Test
  void runRethrowsAHostileExceptionUnchanged() throws Exception {
    Hostile hostile = new Hostile();
    assertSame(hostile, assertThrows(Hostile.class, () -> Reactors.run(() -> fail(hostile))));
    assertEquals(List.of("finally"), log);
  }

  @Test
  void anExceptionWhoseConstructorThrowsIsAFailureToo() throws Exception {
    Reactors.run(
        () -> {
          Bundle bundle = Bundle.open();
          bundle.go(
              () -> {
                throw new Unborn();
              });
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::close);
          assertEquals("fillInStackTrace", thrown.getCause().getMessage());
        });
  }

  @Test
  void blockingRethrowsAHostileExceptionUnchanged() throws Exception {
    Hostile hostile = new Hostile();
    Callable<Integer> call =
        () -> {
          throw hostile;
        };
    Reactors.run(() -> assertSame(hostile, assertThrows(Hostile.class, () -> Blocking.call(call))));
  }

  @Test
  void aCycleOfSuppressedExceptionsIsSearchedOnce() throws Exception {
    Reactors.assertEnds(
        () -> {
          Fiber fiber =
              Fiber.start(
                  () -> {
                    try {
                      Fiber.sleepUntil(Deadline.NEVER);
                    } catch (RuntimeException e) {
                      InterruptedException other = new InterruptedException();
                      other.addSuppressed(e);
                      e.addSuppressed(other);
                      throw e;
                    }
                  });
          Fiber.yield();
          fiber.close(); // throws nothing: the cycle consists of cancellations only
        });
  }

  // ---- handlers

  private static TaskFailedException failureUnder(
      java.util.function.Consumer<? super Throwable> handler, RuntimeException... failures) {
    Bundle bundle = Bundle.supervising(handler);
    for (RuntimeException failure : failures) {
      bundle.go(() -> throwIt(failure));
    }
    Fiber.yield();
    TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::await);
    bundle.close();
    return thrown;
  }

  @Test
  void aHandlerThatRethrowsItsArgumentFailsTheBundle() throws Exception {
    Reactors.run(
        () -> {
          IllegalStateException child = new IllegalStateException("child");
          TaskFailedException thrown =
              failureUnder(
                  e -> {
                    throw (RuntimeException) e;
                  },
                  child);
          assertSame(child, thrown.getCause());
          assertEquals(0, thrown.getSuppressed().length);
          assertEquals(0, child.getSuppressed().length);
          Fiber.yield(); // the reactor still works
        });
  }

  @Test
  void anExceptionOfTheHandlerIsSuppressed() throws Exception {
    Reactors.run(
        () -> {
          IllegalStateException first = new IllegalStateException("first");
          IllegalStateException second = new IllegalStateException("second");
          Error mistake = new AssertionError("in the handler");
          TaskFailedException thrown =
              failureUnder(
                  e -> {
                    throw mistake;
                  },
                  first,
                  second);
          assertSame(first, thrown.getCause());
          assertEquals(List.of(mistake, second, mistake), List.of(thrown.getSuppressed()));
        });
  }

  @Test
  void aHandlerThatSuspendsFailsTheBundle() throws Exception {
    Reactors.run(
        () -> {
          IllegalStateException child = new IllegalStateException("child");
          TaskFailedException thrown = failureUnder(e -> Fiber.yield(), child);
          assertSame(child, thrown.getCause());
          assertTrue(thrown.getSuppressed()[0] instanceof WrongThreadException);
        });
  }

  @Test
  void twoChildrenMayThrowTheSameException() throws Exception {
    Reactors.run(
        () -> {
          Hostile shared = new Hostile();
          Bundle bundle = Bundle.open();
          bundle.go(() -> fail(shared));
          bundle.go(() -> fail(shared));
          TaskFailedException thrown = assertThrows(TaskFailedException.class, bundle::await);
          bundle.close();
          assertSame(shared, thrown.getCause());
        });
  }

  @Test
  void aJoinedTaskThatWasCancelledIsNoFailureOfTheBundle() throws Exception {
    Reactors.run(
        () -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> task =
                bundle.go(
                    () -> {
                      Fiber.sleepUntil(Deadline.NEVER);
                      return 7;
                    });
            task.cancel();
            assertThrows(TaskCancelledException.class, task::join);
          }
        });
  }
}
