// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import dev.weft.routine.Routine;
import dev.weft.routine.codegen.Context;
import dev.weft.weaver.ClassPath;
import dev.weft.weaver.Weaver;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Constructor;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;

/** Woven classes, and a class loader that defines them. */
final class Woven {
  /**
   * How a routine ran.
   *
   * @param log the program's log, with the exception that ended it
   * @param suspensions the number of suspensions
   */
  record Run(String log, int suspensions) {}

  /** A program with more suspensions is considered endless. */
  private static final int SUSPENSIONS_MAX = 100_000;

  private static final class Loader extends ClassLoader {
    private final SortedMap<String, byte[]> classes;

    Loader(SortedMap<String, byte[]> classes) {
      super(Woven.class.getClassLoader());
      this.classes = classes;
    }

    @Override
    protected Class<?> findClass(String name) throws ClassNotFoundException {
      byte[] bytes = classes.get(name.replace('.', '/'));
      if (bytes == null) {
        throw new ClassNotFoundException(name);
      }
      return defineClass(name, bytes, 0, bytes.length);
    }
  }

  final SortedMap<String, byte[]> originals;
  final Weaver.Result result;
  private final SortedMap<String, byte[]> all = new TreeMap<>();
  private final Loader loader;

  private Woven(SortedMap<String, byte[]> originals, Weaver.Result result) {
    this.originals = originals;
    this.result = result;
    all.putAll(originals);
    all.putAll(result.classes());
    loader = new Loader(all);
  }

  /** The same, loaded anew, with the bytes of each class changed. */
  Woven changed(UnaryOperator<byte[]> change) {
    Woven changed = new Woven(originals, result);
    changed.all.replaceAll((_, bytes) -> change.apply(bytes));
    return changed;
  }

  static Woven of(SortedMap<String, byte[]> classes) {
    String path = System.getProperty("java.class.path");
    try (ClassPath classPath = new ClassPath(ClassPath.split(path))) {
      return new Woven(classes, Weaver.weave(classes, new TreeMap<>(), classPath));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Loads classes without weaving them. */
  static Woven asIs(SortedMap<String, byte[]> classes) {
    try (ClassPath nowhere = new ClassPath(List.of())) {
      return new Woven(classes, Weaver.weave(new TreeMap<>(), new TreeMap<>(), nowhere));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Woven of(Map<String, String> sources) {
    return of(Compiler.compile(sources));
  }

  static Woven of(String className, String source) {
    return of(Map.of(className, source));
  }

  /** Loads and verifies all classes. */
  void loadAll() throws ClassNotFoundException {
    for (String name : all.keySet()) {
      Class.forName(name.replace('/', '.'), true, loader);
    }
  }

  Class<?> type(String className) throws ClassNotFoundException {
    return loader.loadClass(className);
  }

  Routine routine(String className) throws ReflectiveOperationException {
    Constructor<?> constructor = type(className).getDeclaredConstructor();
    constructor.setAccessible(true);
    return (Routine) constructor.newInstance();
  }

  /** Different results for each type of a waiting call. */
  static void give(Context context, int suspensions) {
    context.intResult = suspensions;
    context.longResult = suspensions;
    context.result = "r" + suspensions;
  }

  /** Runs a routine to its end. */
  static Run run(Routine routine, StringBuilder log) {
    Context context = new Context();
    log.setLength(0);
    int suspensions = 0;
    try {
      while (routine.go(context)) {
        suspensions++;
        give(context, suspensions);
        if (suspensions > SUSPENSIONS_MAX) {
          throw new IllegalStateException("does not end: " + routine.stack());
        }
      }
    } catch (Exception | Error e) {
      log.append(e);
    }
    return new Run(log.toString(), suspensions);
  }
}
