// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.ClassPath;
import dev.weft.weaver.Diagnostics.Problem;
import dev.weft.weaver.Excludes;
import dev.weft.weaver.Weaver;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Excluded and unweavable classes are left unchanged, and the others are woven. */
class ExcludesTest {
  private static final String HEADER =
      "package p; import dev.weft.routine.*; import dev.weft.routine.codegen.*;\n";
  private static final String LOW = "class Low { static int m() { Routine.suspend(); return 1; } }";
  private static final String HIGH =
      "class High { static int m() { return Low.m(); }"
          + " static class In { int n() { Routine.suspend(); return 2; } } }";

  private static Set<String> woven(String... patterns) throws Exception {
    SortedMap<String, byte[]> classes =
        Compiler.compile(Map.of("p.Low", HEADER + LOW, "p.High", HEADER + HIGH));
    List<String> excluded = List.of(patterns);
    try (ClassPath classPath =
        new ClassPath(ClassPath.split(System.getProperty("java.class.path")))) {
      Weaver.Result result =
          Weaver.weave(classes, new TreeMap<>(), classPath, Excludes.of(excluded));
      assertEquals(List.of(), List.copyOf(result.problems().errors()));
      Set<String> rewritten = new TreeSet<>(result.classes().keySet());
      rewritten.removeAll(result.generated());
      return rewritten;
    }
  }

  @Test
  void excludedClassesAreNotWoven() throws Exception {
    assertEquals(Set.of("p/Low", "p/High", "p/High$In"), woven());
    assertEquals(Set.of("p/High", "p/High$In"), woven("p.Low"));
    assertEquals(Set.of("p/Low", "p/High"), woven("p.High$In"));
    assertEquals(Set.of(), woven("p.*"));
    assertEquals(Set.of(), woven("*gh", "*ow"));
    assertEquals(Set.of("p/Low", "p/High", "p/High$In"), woven("Low", "p.L", "q.*"));
  }

  @Test
  void classIsExcludedWithItsNestedClasses() throws Exception {
    assertEquals(Set.of("p/Low"), woven("p.High"));
  }

  @Test
  void classesThatJmhGeneratesAreAlwaysExcluded() {
    Woven woven =
        Woven.of(
            Map.of(
                "p.jmh_generated.B_m_jmhTest",
                "package p.jmh_generated; class B_m_jmhTest { void m() {"
                    + " dev.weft.routine.Routine.suspend(); } }",
                "p.B",
                "package p; class B { void m() { dev.weft.routine.Routine.suspend(); } }"));

    assertEquals(Set.of("p/B"), woven.result.classes().keySet());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "a b", "p/q", "p,q", "p.[ab]", "p.?"})
  void patternThatMatchesNoClassNameIsRefused(String pattern) {
    IllegalArgumentException thrown =
        assertThrows(IllegalArgumentException.class, () -> Excludes.of(List.of(pattern)));

    assertTrue(thrown.getMessage().contains("'" + pattern + "'"), thrown.getMessage());
  }

  // ---- classes that can't be woven

  private static final String UNDER_A_MONITOR = "synchronized void bad() { Routine.suspend(); }";
  private static final String PROGRAM =
      """
      public class T extends Routine {
        public static final StringBuilder LOG = new StringBuilder();
        protected void run() {
          LOG.setLength(0);
          suspend();
          LOG.append(new Made().m());
        }
      }
      """;

  private static List<String> errors(Woven woven) {
    return woven.result.problems().errors().stream().map(Problem::toString).toList();
  }

  private static String log(Woven woven) throws Exception {
    Woven.Run run = Woven.run(woven.routine("p.T"), new StringBuilder());
    assertEquals("", run.log());
    return woven.type("p.T").getField("LOG").get(null).toString();
  }

  @Test
  void unweavableClassIsReportedAndTheOthersAreWoven() throws Exception {
    String made = "class Made { int m() { return 1; } " + UNDER_A_MONITOR + " }";
    Woven woven = Woven.of(Map.of("p.T", HEADER + PROGRAM, "p.Made", HEADER + made));

    assertEquals(
        List.of(
            "p.Made.bad(Made.java:2): a synchronized method can't suspend; use a lock for fibers"),
        errors(woven));
    assertEquals(Set.of("p.Made"), woven.result.problems().refused());
    assertFalse(woven.result.problems().isFatal());
    assertFalse(woven.result.classes().containsKey("p/Made"));
    assertEquals("1", log(woven));
  }

  @Test
  void allUnweavableClassesAreReportedTogether() {
    String tooMany = "class A { A() { Routine.suspend(); } void m() { new B(); } }";
    String other =
        "class B { static { Routine.suspend(); } static void n() { Routine.suspend(); } }";
    String callsRefused = "class C { synchronized void m() { B.n(); Routine.suspend(); } }";
    Woven woven =
        Woven.of(
            Map.of("p.A", HEADER + tooMany, "p.B", HEADER + other, "p.C", HEADER + callsRefused));

    assertEquals(Set.of("p.A", "p.B", "p.C"), woven.result.problems().refused());
    assertEquals(3, errors(woven).size(), errors(woven).toString());
    assertTrue(woven.result.classes().isEmpty());
  }

  @Test
  void overrideInARefusedClassIsStillCalled() throws Exception {
    String made =
        "class Made { int m() { Base base = new Sub(); return base.k(); }\n"
            + " private static class Base { int k() { Routine.suspend(); return 1; } }\n"
            + " private static class Sub extends Base { int k() { return 2; } "
            + UNDER_A_MONITOR
            + " } }";
    Woven woven = Woven.of(Map.of("p.T", HEADER + PROGRAM, "p.Made", HEADER + made));

    assertEquals(Set.of("p.Made$Sub"), woven.result.problems().refused());
    assertTrue(woven.result.classes().containsKey("p/Made$Base"));
    assertEquals("2", log(woven));
  }

  @Test
  void classesNestedInARefusedOneAreWoven() throws Exception {
    String made =
        "class Made { private static int one() { return 1; }\n"
            + " static class In { int k() { Routine.suspend(); return one(); } }\n"
            + " int m() { return 5; } "
            + UNDER_A_MONITOR
            + " }";
    String program = PROGRAM.replace("Made()", "Made.In()").replace(".m()", ".k()");
    Woven woven = Woven.of(Map.of("p.T", HEADER + program, "p.Made", HEADER + made));

    assertEquals(Set.of("p.Made"), woven.result.problems().refused());
    woven.loadAll();
    assertEquals("1", log(woven));
    assertEquals(2, Woven.run(woven.routine("p.T"), new StringBuilder()).suspensions());
  }

  @Test
  void lambdaOfARefusedClassRunsUnwoven() throws Exception {
    String made =
        "class Made { interface Task { int call(); } "
            + UNDER_A_MONITOR
            + "\n"
            + " int m() { Task task = () -> 3; return Other.call(task); } }";
    String other = "class Other { static int call(Made.Task task) { return task.call(); } }";
    String suspending =
        "class Third implements Made.Task { public int call() { Routine.suspend(); return 1; } }";
    Woven woven =
        Woven.of(
            Map.of(
                "p.T",
                HEADER + PROGRAM,
                "p.Made",
                HEADER + made,
                "p.Other",
                HEADER + other,
                "p.Third",
                HEADER + suspending));

    assertEquals(Set.of("p.Made"), woven.result.problems().refused());
    assertTrue(woven.result.classes().containsKey("p/Third"));
    assertEquals("3", log(woven));
  }
}
