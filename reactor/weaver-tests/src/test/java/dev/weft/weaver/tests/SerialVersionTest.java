// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.routine.Routine;
import dev.weft.weaver.Diagnostics.Problem;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.lang.reflect.Field;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Objects can be exchanged between a program as compiled and the same program woven. */
class SerialVersionTest {
  private static final String HEADER =
      """
      package p;
      import dev.weft.routine.Routine;
      import java.io.*;
      """;

  private static Woven weave(String source) {
    return Woven.of("p.T", HEADER + source);
  }

  private static Woven asCompiled(Woven woven) {
    return Woven.asIs(woven.originals);
  }

  private static long uid(Woven woven, String name) throws ClassNotFoundException {
    return ObjectStreamClass.lookupAny(woven.type(name)).getSerialVersionUID();
  }

  /** Each declares a class or interface {@code p.T} that gets a method when it is woven. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "public class T implements Serializable { public void m() { Routine.suspend(); } }",
        "class T implements Serializable { private void m() { Routine.suspend(); } }",
        "class T implements Serializable { static void m() { Routine.suspend(); } }",
        "class T implements Externalizable { void m() { Routine.suspend(); }"
            + " public T() {} public void readExternal(ObjectInput in) {}"
            + " public void writeExternal(ObjectOutput out) {} }",
        "class T extends RuntimeException { void m() { Routine.suspend(); } }",
        "abstract class T extends Number implements Comparable<T> { abstract int k();"
            + " protected void m() { Routine.suspend(); } }",
        "final class T extends Thread implements Serializable, Cloneable, Runnable {"
            + " private transient int a; private static int b = new int[1].length; protected int c;"
            + " static final Object D = new Object(); volatile long[][] e; private T() {}"
            + " protected T(int x, String[] y) {} public T(long z) { this(); }"
            + " native void n(T t); synchronized strictfp double f(double... x) { return 1; }"
            + " static void m(T t) { Routine.suspend(); } int m() { Routine.suspend(); return c; }"
            + " private void m(int x) { Routine.suspend(); } }",
        "interface T extends Serializable { Object NONE = new Object(); void k();"
            + " default void m() { Routine.suspend(); } }",
        "interface T extends Serializable { private static void s() { Routine.suspend(); }"
            + " static void m() { s(); } }",
        "class T implements Serializable { Object m() { interface Task { void run(); }"
            + " Task task = () -> Routine.suspend(); task.run(); return (Runnable) () -> {}; } }",
        "class T<V extends Comparable<V>> implements Serializable, Comparable<T<V>> { V v;"
            + " public int compareTo(T<V> other) { Routine.suspend(); return 0; } }",
        "class T extends Routine implements Serializable { protected void run() {"
            + " for (int i = 0; i < 3; i++) suspend(); } }",
        "class T implements Serializable { Object writeReplace() { Routine.suspend(); return 1; } }",
        "enum T { A { void m() { Routine.suspend(); } }; void m() {} }",
        "record T(int a) implements Serializable { void m() { Routine.suspend(); } }",
        "class T implements Serializable { static final long serialVersionUID = 5;"
            + " void m() { Routine.suspend(); } }",
        "class T implements Serializable { private static final int serialVersionUID = 7;"
            + " void m() { Routine.suspend(); } }",
        "class T { void m() { Routine.suspend(); } }",
      })
  void weavingKeepsTheUid(String source) throws Exception {
    Woven woven = weave(source);

    assertEquals(List.of(), List.copyOf(woven.result.problems().errors()));
    assertTrue(woven.result.classes().containsKey("p/T"));
    assertEquals(uid(asCompiled(woven), "p.T"), uid(woven, "p.T"));
  }

  @Test
  void weavingKeepsTheUidOfNestedClasses() throws Exception {
    Woven woven =
        weave(
            """
            class T {
              protected static class Protected implements Serializable { void m() { Routine.suspend(); } }
              private static class Private implements Serializable { void m() { Routine.suspend(); } }
              public final class Inner implements Serializable { void m() { Routine.suspend(); } }
              static abstract class Abstract implements Serializable { void m() { Routine.suspend(); } }
              protected interface Face extends Serializable { default void m() { Routine.suspend(); } }
              Object anonymous() { return new Serializable() { void m() { Routine.suspend(); } }; }
              Object local() { class Local implements Serializable { void m() { Routine.suspend(); } }
                return new Local(); }
            }
            """);
    Woven compiled = asCompiled(woven);

    int nested = 0;
    for (String name : woven.originals.keySet()) {
      if (name.contains("$")) {
        String className = name.replace('/', '.');
        assertTrue(woven.result.classes().containsKey(name), name);
        assertEquals(uid(compiled, className), uid(woven, className), name);
        nested++;
      }
    }
    assertEquals(7, nested);
  }

  @Test
  void olderClassFilesKeepTheUidToo() throws Exception {
    String source =
        "class T implements Serializable { private int a; class In { int b = a; }"
            + " strictfp double m() { Routine.suspend(); return a; } }";
    Woven woven = Woven.of(Compiler.compile(Map.of("p.T", HEADER + source), "--release", "11"));

    assertEquals(uid(asCompiled(woven), "p.T"), uid(woven, "p.T"));
  }

  @Test
  void classWithAMissingSuperclassKeepsTheUid() throws Exception {
    String base = "package p; public class Base implements java.io.Serializable {}";
    String source = HEADER + "class T extends Base { void m() { Routine.suspend(); } }";
    SortedMap<String, byte[]> all = Compiler.compile(Map.of("p.Base", base, "p.T", source));
    SortedMap<String, byte[]> known = new TreeMap<>(all);
    known.remove("p/Base");
    SortedMap<String, byte[]> woven = new TreeMap<>(all);
    woven.putAll(Woven.of(known).result.classes());

    assertNotEquals(all.get("p/T").length, woven.get("p/T").length);
    assertEquals(uid(Woven.asIs(all), "p.T"), uid(Woven.asIs(woven), "p.T"));
  }

  @Test
  void fieldIsAddedWhereItIsNeededOnly() throws Exception {
    Woven woven =
        weave(
            """
            class T {
              static class Private implements Serializable { private void m() { Routine.suspend(); } }
              static class NotSerializable { void m() { Routine.suspend(); } }
              static class Needed implements Serializable { void m() { Routine.suspend(); } }
            }
            """);

    assertEquals(List.of(), uidFields(woven, "p.T$Private"));
    assertEquals(List.of(), uidFields(woven, "p.T$NotSerializable"));
    assertEquals(1, uidFields(woven, "p.T$Needed").size());
    assertTrue(uidFields(woven, "p.T$Needed").getFirst().isSynthetic());
  }

  private static List<Field> uidFields(Woven woven, String name) throws ClassNotFoundException {
    return List.of(woven.type(name).getDeclaredFields()).stream()
        .filter(field -> field.getName().equals("serialVersionUID"))
        .toList();
  }

  @Test
  void fieldThatSerializationDoesNotUseIsWarnedOf() {
    Woven woven =
        weave(
            "class T implements Serializable { static long serialVersionUID = 5;"
                + " void m() { Routine.suspend(); } }");

    List<String> warnings =
        woven.result.problems().warnings().stream().map(Problem::toString).toList();
    assertEquals(
        List.of(
            "p.T: has a serialVersionUID that is not static and final, so that serialization does"
                + " not use it; the default that it uses changes once the class is woven"),
        warnings);
  }

  @Test
  void routineIsSerializedWithTheFieldsOfItsSourceOnly() throws Exception {
    Woven woven =
        weave(
            """
            public class T extends Routine implements Serializable {
              public static final StringBuilder LOG = new StringBuilder();
              int ticks = 3;
              protected void run() {
                Object notSerializable = new Object();
                suspend();
                LOG.append(notSerializable.hashCode());
              }
            }
            """);
    Routine routine = woven.routine("p.T");
    assertTrue(routine.go(new dev.weft.routine.codegen.Context()));

    assertEquals("p.T", read(asCompiled(woven), write(routine)).getClass().getName());
  }

  private static byte[] write(Object object) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(object);
    }
    return bytes.toByteArray();
  }

  private static Object read(Woven with, byte[] bytes) throws Exception {
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes)) {
          @Override
          protected Class<?> resolveClass(ObjectStreamClass type) throws ClassNotFoundException {
            return with.type(type.getName());
          }
        }) {
      return in.readObject();
    }
  }
}
