// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.os.Signal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Children are given as they end. */
@Tag("needs-io-uring")
class ChildrenTest {
  private static final Command CAT = Command.of("cat").withInput(Redirect.PIPE);

  @Test
  void eachIsGivenOnceInTheOrderOfTheirEnds() throws Exception {
    Reactors.run(
        () -> {
          try (Children children = Children.open()) {
            ChildProcess first = children.start(CAT);
            ChildProcess second = children.start(CAT);
            ChildProcess third = children.start(CAT);
            assertEquals(3, children.count());
            for (ChildProcess expected : new ChildProcess[] {third, first, second}) {
              expected.input().close();
              try (ChildProcess next = Objects.requireNonNull(children.next())) {
                assertSame(expected, next);
                assertEquals(0, next.await().code());
              }
            }
            assertNull(children.next());
          }
        });
  }

  @Test
  void aChildThatHasEndedBeforeIsGivenAtOnce() throws Exception {
    Reactors.run(
        () -> {
          try (Children children = Children.open()) {
            ChildProcess child = children.start(CAT);
            child.kill();
            child.await();
            assertSame(child, children.next(Deadline.NOW));
            child.close();
          }
        });
  }

  @Test
  void aDeadlineOrCancelEndsTheWaitAlone() throws Exception {
    Reactors.run(
        () -> {
          try (Children children = Children.open()) {
            ChildProcess child = children.start(CAT);
            assertThrows(DeadlineExceededException.class, () -> children.next(Deadline.NOW));
            Fiber waiter =
                Fiber.start(() -> assertThrows(CancelledException.class, children::next));
            Fiber.yield();
            waiter.cancel();
            waiter.join();
            child.kill();
            assertSame(child, children.next());
            child.close();
          }
        });
  }

  @Test
  void fibersShareTheChildrenAndTheLastGetsNone() throws Exception {
    Reactors.run(
        () -> {
          try (Children children = Children.open();
              Bundle bundle = Bundle.open()) {
            ChildProcess child = children.start(CAT);
            Task<Boolean> one = bundle.go(() -> children.next() != null);
            Task<Boolean> other = bundle.go(() -> children.next() != null);
            Fiber.yield();
            child.kill();
            assertEquals(1, (one.join() ? 1 : 0) + (other.join() ? 1 : 0));
            child.close();
          }
        });
  }

  @Test
  void closingEndsTheChildrenThatWereNotGiven() throws Exception {
    Reactors.run(
        () -> {
          Children children = Children.open();
          ChildProcess first = children.start(CAT);
          ChildProcess second = children.start(CAT);
          Fiber waiter =
              Fiber.start(() -> assertThrows(IllegalStateException.class, children::next));
          Fiber.yield();
          children.close();
          waiter.join();
          for (ChildProcess each : new ChildProcess[] {first, second}) {
            assertEquals(Signal.KILL.number(), each.await().signal());
            assertFalse(Files.exists(Path.of("/proc", Integer.toString(each.pid()))));
          }
          assertThrows(IllegalStateException.class, () -> children.start(CAT));
        });
  }

  @Test
  void aHundredChildrenOfTenFibersAreAllGiven() throws Exception {
    Reactors.run(
        () -> {
          Command command = Command.of("true");
          try (Children children = Children.open();
              Bundle bundle = Bundle.open()) {
            for (int fiber = 0; fiber < 10; fiber++) {
              bundle.go(
                  () -> {
                    for (int i = 0; i < 10; i++) {
                      children.start(command);
                    }
                  });
            }
            bundle.await();
            int given = 0;
            for (ChildProcess child; (child = children.next()) != null; given++) {
              child.close();
            }
            assertEquals(100, given);
          }
        });
  }
}
