// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.codegen.Context;
import dev.weft.weaver.ClassPath;
import dev.weft.weaver.Weaver;
import dev.weft.weaver.tests.Woven.Run;
import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program that uses a library woven in another build. */
class LibraryTest {
  private static final String BASE =
      """
      package lib;
      import dev.weft.routine.*; import dev.weft.routine.codegen.*;
      public abstract class Base {
        @Suspends
        public int step(int x) { return x + 1; }
        public int waiting(int x) { Routine.suspend(); return 10 * x; }
        public int both(int x) { return step(x) + waiting(x); }
        public interface Visitor<T> { @Suspends void visit(T t); }
        public static void each(Visitor<String> visitor) { visitor.visit("a"); visitor.visit("b"); }
      }
      """;
  private static final String PROGRAM =
      """
      package app;
      import dev.weft.routine.*; import dev.weft.routine.codegen.*;
      import lib.Base;
      public class Program extends Routine {
        public static final StringBuilder LOG = new StringBuilder();
        static class Mine extends Base {
          @Override public int step(int x) { Routine.suspend(); return super.step(x) + 100; }
          @Override public int waiting(int x) { return super.waiting(x) + 1000; }
        }
        static class Quiet extends Base {
          @Override public int step(int x) { return super.step(x) + 5; }
        }
        protected void run() {
          LOG.append(new Mine().both(1)).append(' ').append(new Quiet().both(1));
          Base.each(text -> { Routine.suspend(); LOG.append(text); });
          Base.each(text -> LOG.append(text));
        }
      }
      """;

  @TempDir Path folder;

  private static SortedMap<String, byte[]> weave(SortedMap<String, byte[]> classes, Path... first)
      throws IOException {
    List<Path> paths = new ArrayList<>(List.of(first));
    paths.addAll(ClassPath.split(System.getProperty("java.class.path")));
    try (ClassPath path = new ClassPath(paths)) {
      Weaver.Result result = Weaver.weave(classes, new TreeMap<>(), path);
      assertEquals("[]", result.problems().errors().toString());
      assertEquals("[]", result.problems().warnings().toString());
      SortedMap<String, byte[]> all = new TreeMap<>(classes);
      all.putAll(result.classes());
      return all;
    }
  }

  @Test
  void programBehavesTheSameWovenAndStackful() throws Exception {
    SortedMap<String, byte[]> compiled =
        Compiler.compile(Map.of("lib.Base", BASE, "app.Program", PROGRAM));
    SortedMap<String, byte[]> library = weave(new TreeMap<>(compiled.subMap("lib", "lic")));
    for (String name : library.keySet()) {
      Path file = folder.resolve(name + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, library.get(name));
    }
    SortedMap<String, byte[]> all = weave(new TreeMap<>(compiled.subMap("app", "apq")), folder);
    all.putAll(library);
    Woven woven = Woven.asIs(all);
    woven.loadAll();
    StringBuilder log = (StringBuilder) woven.type("app.Program").getField("LOG").get(null);

    Run stackful = Woven.run(woven.routine("app.Program").stackful(), log);
    Run stackless = Woven.run(woven.routine("app.Program"), log);

    assertEquals(new Run("1112 17abab", 5), stackless);
    assertEquals(stackful, stackless);
  }

  @Test
  void twinThatNeverSuspendsIsABridge() throws Exception {
    SortedMap<String, byte[]> compiled =
        Compiler.compile(
            Map.of(
                "p.Kinds",
                """
                package p;
                import dev.weft.routine.*; import dev.weft.routine.codegen.*;
                public class Kinds {
                  public interface Visitor { @Suspends int visit(int x); }
                  public static class Waiting implements Visitor {
                    public int visit(int x) { Routine.suspend(); return x; }
                  }
                  public static class Quiet implements Visitor {
                    public int visit(int x) { return x; }
                  }
                  public static Visitor quiet() { return x -> x + 1; }
                  public static Visitor waiting() { return x -> { Routine.suspend(); return x; }; }
                }
                """));
    Woven woven = Woven.asIs(weave(compiled));

    assertTrue(twin(woven.type("p.Kinds$Visitor")).isBridge());
    assertTrue(twin(woven.type("p.Kinds$Quiet")).isBridge());
    assertTrue(twin(made(woven, "quiet")).isBridge());
    assertFalse(twin(woven.type("p.Kinds$Waiting")).isBridge());
    assertFalse(twin(made(woven, "waiting")).isBridge());
  }

  private static Method twin(Class<?> type) throws NoSuchMethodException {
    return type.getMethod("visit", int.class, Context.class);
  }

  private static Class<?> made(Woven woven, String by) throws ReflectiveOperationException {
    return woven.type("p.Kinds").getMethod(by).invoke(null).getClass();
  }
}
