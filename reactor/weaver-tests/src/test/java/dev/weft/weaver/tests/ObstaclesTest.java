// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.Diagnostics.Problem;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Classes that the JVM would reject or misinterpret once woven are refused. */
class ObstaclesTest {
  private static final String HEADER =
      "package p; import dev.weft.routine.*; import dev.weft.routine.codegen.*;\n";

  private static void assertRefused(String message, Map<String, String> sources) {
    assertRefused(message, Woven.of(sources));
  }

  private static void assertRefused(String message, Woven woven) {
    List<String> errors = woven.result.problems().errors().stream().map(Problem::toString).toList();
    assertEquals(List.of(message), errors);
    for (String name : woven.result.problems().refused()) {
      assertFalse(woven.result.classes().containsKey(name.replace('.', '/')), name);
    }
  }

  private static void assertRefused(String message, String body) {
    assertRefused(message, Map.of("p.T", HEADER + body));
  }

  @Test
  void methodWhoseTwinWouldOverrideOneOfRoutineIsRefused() {
    assertRefused(
        "p.T.resume(T.java:3): suspends, and its twin would be taken for"
            + " dev.weft.routine.Routine.resume: rename it",
        """
        class T extends Routine {
          void resume() { suspend(); }
          protected void run() { resume(); }
        }
        """);
  }

  @Test
  void methodWhoseTwinWouldOverrideOneOfALibraryIsRefused() {
    assertRefused(
        "p.T$Mine.open(T.java:4): suspends, and its twin would be taken for p.T$Library.open: rename"
            + " it",
        """
        class T {
          static class Library { void open(int x, Context context) {} }
          static class Mine extends Library { void open(int x) { Routine.suspend(); } }
        }
        """);
  }

  @Test
  void methodThatOverridesOneOfAPairIsWoven() {
    Woven woven =
        Woven.of(
            "p.T",
            HEADER
                + """
                class T {
                  static class Pair { void m() { Routine.suspend(); } void m(Context c) { Routine.suspend(c); } }
                  static class Mine extends Pair { @Override void m() { Routine.suspend(); super.m(); } }
                }
                """);

    assertEquals(List.of(), List.copyOf(woven.result.problems().errors()));
  }

  @Test
  void routineWithItsOwnResumeIsRefused() {
    assertRefused(
        "p.T.resume(T.java:3): a routine that suspends gets this method from the weaver: leave it"
            + " out",
        """
        class T extends Routine {
          @Override public void resume(Context context) throws Exception { super.resume(context); }
          protected void run() { suspend(); }
        }
        """);
  }

  @Test
  void routineWithItsOwnWhereIsRefused() {
    assertRefused(
        "p.T.where(T.java:3): a routine that suspends gets this method from the weaver: leave it"
            + " out",
        """
        class T extends Routine {
          @Override public StackTraceElement where() { return super.where(); }
          protected void run() { suspend(); }
        }
        """);
  }

  @Test
  void resultOfATypeInaccessibleToTheCallerIsRefused() {
    String other =
        """
        package q;
        public class U {
          static class Hidden {}
          public static Hidden[] make() { dev.weft.routine.Routine.suspend(); return null; }
        }
        """;
    String caller = "class T { void m() { var made = q.U.make(); Routine.suspend(); } }";

    assertRefused(
        "p.T.m(T.java:2): the call suspends, and returns a q.U$Hidden, which is not accessible"
            + " here: make that class public",
        Map.of("p.T", HEADER + caller, "q.U", other));
  }

  @Test
  void methodWithoutRoomForAnArgumentIsRefused() {
    String parameters =
        IntStream.range(0, 255).mapToObj(i -> "int p" + i).collect(Collectors.joining(", "));

    assertRefused(
        "p.T.m(T.java:3): suspends, and has no room for one more argument",
        "class T {\n  static void m(" + parameters + ") { Routine.suspend(); }\n}\n");
  }

  @Test
  void methodWithRoomForOneArgumentIsWoven() throws Exception {
    String parameters =
        IntStream.range(0, 254).mapToObj(i -> "int p" + i).collect(Collectors.joining(", "));

    Woven woven =
        Woven.of(
            "p.T",
            HEADER + "class T { static void m(" + parameters + ") { Routine.suspend(); p1++; } }");

    woven.loadAll();
    assertTrue(woven.result.classes().containsKey("p/T"));
  }

  @Test
  void classForAJvmWithoutNestMatesIsRefused() {
    String source = HEADER + "class T { void m() { Routine.suspend(); int x = 0; } }";

    assertRefused(
        "p.T: is compiled for a JVM before 11, which has no nest mates: compile with --release 11"
            + " or later, or Kotlin's -jvm-target",
        Woven.of(Compiler.compile(Map.of("p.T", source), "--release", "8")));
  }
}
