// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.weaver.Diagnostics.Problem;
import java.util.Collection;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Errors for code that can't be woven, and warnings for code that may fail, with place and reason.
 */
class RefusalsTest {
  private static final String HEADER =
      """
      package p;
      import dev.weft.routine.Routine;
      """;

  private static Woven weave(String body) {
    return Woven.of("p.T", HEADER + body);
  }

  private static List<String> texts(Collection<Problem> problems) {
    return problems.stream().map(Problem::toString).toList();
  }

  private static void assertRefused(String message, String body) {
    Woven woven = weave(body);
    assertEquals(List.of(message), texts(woven.result.problems().errors()));
    assertTrue(woven.result.classes().isEmpty());
  }

  private static void assertWarned(String message, String body) {
    Woven woven = weave(body);
    assertEquals(List.of(), texts(woven.result.problems().errors()));
    assertEquals(List.of(message), texts(woven.result.problems().warnings()));
  }

  @Test
  void suspendingInAConstructorIsRefused() {
    assertRefused(
        "p.T.<init>(T.java:5): a constructor can't suspend; do it in a static method",
        """
        class T {
          T() {
            Routine.suspend();
          }
        }
        """);
  }

  @Test
  void suspendingInAStaticInitialiserIsRefused() {
    assertRefused(
        "p.T.<clinit>(T.java:5): a static initialiser can't suspend; do it in a static method",
        """
        class T {
          static {
            Routine.suspend();
          }
        }
        """);
  }

  @Test
  void suspendingInASynchronizedMethodIsRefused() {
    assertRefused(
        "p.T.m(T.java:5): a synchronized method can't suspend; use a lock for fibers",
        """
        class T {
          synchronized void m() {
            Routine.suspend();
          }
        }
        """);
  }

  @Test
  void suspendingUnderAMonitorIsRefused() {
    assertRefused(
        "p.T.m(T.java:6): suspends while a monitor is held; use a lock for fibers",
        """
        class T {
          void m() {
            synchronized (this) {
              Routine.suspend();
            }
          }
        }
        """);
  }

  @Test
  void suspendingBesideAMonitorIsWoven() {
    Woven woven =
        weave(
            """
            class T {
              int n;
              void m() {
                try {
                  synchronized (this) {
                    n++;
                  }
                  Routine.suspend();
                } catch (RuntimeException e) {
                  Routine.suspend();
                }
              }
            }
            """);

    assertEquals(List.of(), texts(woven.result.problems().errors()));
    assertTrue(woven.result.classes().containsKey("p/T"));
  }

  @Test
  void suspendingLambdaForAnInterfaceOfTheJdkIsWarnedOf() {
    assertWarned(
        "p.T.m(T.java:5): the lambda or method reference suspends, but java.util.function.Consumer"
            + " is not woven: called from there it can't; it works where all runs stackful",
        """
        class T {
          void m(java.util.List<String> list) {
            list.forEach(each -> Routine.suspend());
          }
        }
        """);
  }

  @Test
  void suspendingLambdaThatIsSerializableIsWarnedOf() {
    assertWarned(
        "p.T.m(T.java:6): the lambda suspends, but is serializable, which keeps it from being"
            + " woven",
        """
        class T {
          interface Task { void run(); }
          Task m() {
            return (Task & java.io.Serializable) () -> Routine.suspend();
          }
          void other(Task task) {
            task.run();
          }
          Task woven() {
            return () -> Routine.suspend();
          }
        }
        """);
  }

  @Test
  void overridingAMethodOfTheJdkIsWarnedOf() {
    assertWarned(
        "p.T.run(T.java:5): suspends, but overrides java.lang.Runnable.run, which is not woven:"
            + " called as that it can't; it works where all runs stackful",
        """
        class T implements Runnable {
          public void run() {
            Routine.suspend();
          }
        }
        """);
  }

  @Test
  void closingAKnownTypeIsNotWarnedOf() {
    Woven woven =
        weave(
            """
            class T implements AutoCloseable {
              public void close() {
                Routine.suspend();
              }
              void m() {
                try (T t = new T()) {
                  t.hashCode();
                }
              }
            }
            """);

    assertEquals(List.of(), texts(woven.result.problems().warnings()));
  }

  @Test
  void closingAnUnknownTypeIsWarnedOf() {
    assertWarned(
        "p.T.m(T.java:8): closes it without knowing its class: if that is p.T, it can't suspend",
        """
        class T implements java.io.Closeable {
          public void close() {
            Routine.suspend();
          }
          void m(AutoCloseable other) throws Exception {
            other.close();
            Routine.suspend();
          }
        }
        """);
  }

  /** A routine with two overloads of a method that suspend. */
  private static String routineWith(String body) {
    return """
        class T extends Routine {
          protected void run() { Routine.suspend(); m(1); }
          static void m(int a) { Routine.suspend(); m(2L); }
          static long m(long a) {
        """
        + body
        + "    return a;\n  }\n}\n";
  }

  @Test
  void methodThatGrowsTooLargeForTheJitIsWarnedOf() {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      body.append("    a = a * 31 + ").append(i + 70_000).append("L;\n");
    }
    body.append("    Routine.suspend();\n");

    Woven woven = weave(routineWith(body.toString()));

    List<String> warnings = texts(woven.result.problems().warnings());
    assertEquals(1, warnings.size(), warnings.toString());
    String warning = warnings.getFirst();
    assertTrue(warning.startsWith("p.T.m(T.java:7): is "), warning);
    assertTrue(warning.endsWith("HotSpot compiles none over 8000: split it"), warning);
  }

  @Test
  void methodThatGrowsBeyondTheClassFileFormatIsRefused() {
    StringBuilder body = new StringBuilder();
    for (int i = 0; i < 1500; i++) {
      body.append("    a = a * 31 + Routine.awaitLong() * ").append(i + 2).append(";\n");
    }

    List<String> errors = texts(weave(routineWith(body.toString())).result.problems().errors());

    assertEquals(1, errors.size(), errors.toString());
    assertTrue(errors.getFirst().contains("p.T.m(T.java:7): can't be woven"), errors.toString());
  }

  @Test
  void unwovenCodeBetweenWovenFramesIsNamedWhenItSuspends() throws Exception {
    Woven woven =
        weave(
            """
            public class T extends Routine {
              public static final StringBuilder LOG = new StringBuilder();
              protected void run() {
                Routine.suspend();
                java.util.List.of("x").forEach(each -> Routine.suspend());
              }
            }
            """);

    String log = Woven.run(woven.routine("p.T"), new StringBuilder()).log();

    assertTrue(log.contains("p.T.lambda$run$0(T.java:7), "), log);
    assertTrue(log.contains("called by woven code, but not woven. Weave these classes"), log);
  }
}
