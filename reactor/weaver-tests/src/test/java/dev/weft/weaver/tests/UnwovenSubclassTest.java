// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.Routine;
import dev.weft.weaver.tests.Woven.Run;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** An overriding method is called whether or not its class has been woven. */
class UnwovenSubclassTest {
  private static final String BASE =
      """
      package p;
      import dev.weft.routine.Routine;
      public class Base<T> {
        public static final StringBuilder LOG = new StringBuilder();
        public static void say(Object what) { LOG.append(what).append(' '); }
        public int step(int x, long y) { Routine.suspend(); return x + 1; }
        public T generic(T t) { Routine.suspend(); return t; }
        int near(int x) { Routine.suspend(); return x + 3; }
        public final int callNear(int x) { int n = near(x); say("near"); return n; }
        public abstract static class Worker {
          public String work() { Routine.suspend(); return "worker"; }
        }
        public interface Greeter {
          default String greet() { Routine.suspend(); return "default"; }
        }
        public static class Middle extends Base<String> {
          public int above(int x) { int n = super.step(x, 0L); say("above"); return n; }
          public int aboveLast(int x) { return super.step(x, 0L); }
          @Override public String generic(String t) { return super.generic(t) + "-middle"; }
        }
        public static class Open extends Routine {
          @Override protected void run() { Routine.suspend(); say("open"); }
        }
        public static int use(Base<String> base) { return base.step(1, 2L) + 10; }
        public static String use(Greeter greeter) { return greeter.greet() + "!"; }
        public static String use(Worker worker) { return worker.work() + "!"; }
      }
      """;

  private static final String MAIN =
      """
      package p;
      import java.util.function.Supplier;
      public class Main extends dev.weft.routine.Routine {
        static Object made(String name) throws Exception {
          return Class.forName("q.Unwoven$" + name).getConstructor().newInstance();
        }
        public static String what = "";
        @Override @SuppressWarnings("unchecked")
        protected void run() throws Exception {
          Object made = made(what);
          if (made instanceof Base<?> base) { say(Base.use((Base<String>) base)); }
          if (made instanceof Base<?> base) { say(((Base<String>) base).generic("g")); }
          if (made instanceof Base<?> base) { say(base.callNear(1)); }
          if (made instanceof Base.Middle middle) { say(middle.above(1)); say(middle.aboveLast(1)); }
          if (made instanceof Base.Greeter greeter) { say(Base.use(greeter)); }
          if (made instanceof Base.Worker worker) { say(Base.use(worker)); }
          say("end");
        }
        static void say(Object what) { Base.say(what); }
      }
      """;

  private static final String UNWOVEN =
      """
      package q;
      import dev.weft.routine.Routine;
      import p.Base;
      public class Unwoven {
        public static class Plain extends Base<String> {}
        public static class Quiet extends Base<String> {
          @Override public int step(int x, long y) { return 100; }
          @Override public String generic(String t) { return t + "-quiet"; }
          int near(int x) { return 200; }
        }
        public static class Below extends Base.Middle {
          @Override public int step(int x, long y) { return 100; }
        }
        public static class Loud extends Base<String> {
          @Override public int step(int x, long y) { Routine.suspend(); return 100; }
        }
        public static class Polite implements Base.Greeter {
          @Override public String greet() { return "polite"; }
        }
        public interface Other extends Base.Greeter {
          @Override default String greet() { return "other"; }
        }
        public static class Indirect implements Other {}
        public static class Busy extends Base.Worker {
          @Override public String work() { return "busy"; }
        }
        public static class Idle extends Base.Worker implements Base.Greeter {}
        public static class Body extends Base.Open {
          @Override protected void run() { Routine.suspend(); Base.say("body"); Routine.suspend(); }
        }
        public static class FailingBody extends Base.Open {
          @Override protected void run() { Routine.suspend(); throw new IllegalStateException("own"); }
        }
        public static class SameBody extends Base.Open {}
      }
      """;

  private Woven woven;
  private StringBuilder log;

  @BeforeEach
  void weaveAllButThePackageQ() throws Exception {
    SortedMap<String, byte[]> all =
        Compiler.compile(Map.of("p.Base", BASE, "p.Main", MAIN, "q.Unwoven", UNWOVEN));
    Woven library = Woven.of(new TreeMap<>(all.subMap("p", "q")));
    assertEquals("[]", library.result.problems().errors().toString());
    all.putAll(library.result.classes());
    woven = Woven.asIs(all);
    woven.loadAll();
    log = (StringBuilder) woven.type("p.Base").getField("LOG").get(null);
  }

  private Run run(String what, boolean stackful) throws Exception {
    woven.type("p.Main").getField("what").set(null, what);
    Routine routine = woven.routine("p.Main");
    return Woven.run(stackful ? routine.stackful() : routine, log);
  }

  private void assertRuns(String what, int suspensions, String text) throws Exception {
    assertEquals(new Run(text, suspensions), run(what, false));
    assertEquals(new Run(text, suspensions), run(what, true));
  }

  @Test
  void classThatOverridesNothingRunsWoven() throws Exception {
    assertRuns("Plain", 3, "12 g near 4 end ");
  }

  @Test
  void onlyOverridesAreCalledAndNotMethodsOfTheSameName() throws Exception {
    assertRuns("Quiet", 1, "110 g-quiet near 4 end ");
  }

  @Test
  void overrideOfADefaultMethodIsCalled() throws Exception {
    assertRuns("Polite", 0, "polite! end ");
  }

  @Test
  void overrideInAnInterfaceIsCalled() throws Exception {
    assertRuns("Indirect", 0, "other! end ");
  }

  @Test
  void overrideOfAMethodOfAnAbstractClassIsCalled() throws Exception {
    assertRuns("Busy", 0, "busy! end ");
  }

  @Test
  void inheritedMethodsOfAbstractClassesAndInterfacesRunWoven() throws Exception {
    assertRuns("Idle", 2, "default! worker! end ");
  }

  @Test
  void superCallReachesTheSuperclassMethodEvenIfOverridden() throws Exception {
    String text = run("Below", false).log();

    assertTrue(text.startsWith("110 g-middle near 4 "), text);
    assertTrue(text.contains("[p.Base.step(Base.java:6)] can't be suspended"), text);
    assertEquals(new Run("110 g-middle near 4 above 2 2 end ", 4), run("Below", true));
  }

  @Test
  void suspendingOverrideIsReported() throws Exception {
    String text = run("Loud", false).log();

    assertTrue(text.contains("[q.Unwoven$Loud.step(Unwoven.java:15)] can't be suspended"), text);
    assertTrue(text.contains("called by woven code, but not woven. Weave these classes"), text);
  }

  @Test
  void overriddenRunOfARoutineRunsUnwoven() throws Exception {
    assertEquals(new Run("body ", 2), Woven.run(woven.routine("q.Unwoven$Body"), log));
    assertEquals(
        new Run("java.lang.IllegalStateException: own", 1),
        Woven.run(woven.routine("q.Unwoven$FailingBody"), log));
    assertEquals(new Run("open ", 1), Woven.run(woven.routine("q.Unwoven$SameBody"), log));
  }
}
