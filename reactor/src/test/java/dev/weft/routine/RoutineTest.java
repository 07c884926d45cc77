// SPDX-License-Identifier: Apache-2.0
package dev.weft.routine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.codegen.Context;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Routines that have not been woven. The weaver's tests test woven ones. */
class RoutineTest {
  private final Context context = new Context();
  private final List<String> log = new ArrayList<>();

  private final class Two extends Routine {
    @Override
    protected void run() {
      log.add("a");
      suspend();
      deeper();
    }

    private void deeper() {
      log.add("b" + awaitInt());
    }
  }

  private static final class Failing extends Routine {
    @Override
    protected void run() {
      suspend();
      throw new IllegalArgumentException("failed");
    }
  }

  private static final class Empty extends Routine {
    @Override
    protected void run() {}
  }

  @Test
  void unwovenRoutineRunsToEachSuspension() throws Exception {
    Routine two = new Two();

    assertTrue(two.go(context));
    assertEquals(List.of("a"), log);
    assertTrue(two.go(context));
    context.intResult = 7;
    assertFalse(two.go(context));

    assertEquals(List.of("a", "b7"), log);
    assertTrue(two.isDone());
  }

  @Test
  void stackfulRoutineRunsToEachSuspension() throws Exception {
    Routine two = new Two().stackful();

    assertTrue(two.go(context));
    assertTrue(two.go(context));
    context.intResult = 8;
    assertFalse(two.go(context));

    assertEquals(List.of("a", "b8"), log);
  }

  @Test
  void suspendedRoutineReportsItsStack() throws Exception {
    Routine two = new Two();
    two.go(context);
    two.go(context);

    List<String> methods = two.stack().stream().map(StackTraceElement::getMethodName).toList();

    assertEquals(List.of("deeper", "run"), methods);
  }

  @Test
  void exceptionOfRunIsThrownByGo() throws Exception {
    Routine failing = new Failing();
    failing.go(context);

    Exception thrown = assertThrows(IllegalArgumentException.class, () -> failing.go(context));

    assertEquals("failed", thrown.getMessage());
    assertTrue(failing.isDone());
  }

  @Test
  void endedRoutineCannotBeResumed() throws Exception {
    Routine empty = new Empty();

    assertFalse(empty.go(context));

    assertThrows(IllegalStateException.class, () -> empty.go(context));
  }

  @Test
  void suspendingOutsideARoutineIsRefused() {
    Exception thrown = assertThrows(IllegalStateException.class, Routine::suspend);

    assertTrue(thrown.getMessage().startsWith("suspend was called outside a routine"));
  }
}
