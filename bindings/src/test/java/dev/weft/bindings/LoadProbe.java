// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.logging.Logger;
import java.util.stream.Stream;

/**
 * The program of {@link NativeLibraryTest}: loads the library in a JVM of its own and prints the
 * results as lines "name: value".
 */
final class LoadProbe {
  private static final int THREADS = 4;

  private LoadProbe() {}

  public static void main(String[] arguments) throws Exception {
    List<String> wanted = List.of(arguments);
    if (wanted.contains("concurrently")) {
      loadConcurrently();
    }
    if (wanted.contains("open")) {
      open();
    }
    load("first");
    if (wanted.contains("repair")) {
      System.clearProperty(NativeLibrary.PATH_PROPERTY);
    }
    load("second");
    print("loaded", NativeLibrary.isLoaded());
    print("mappings", mappings());
    print("left behind", leftBehind());
  }

  private static void open() throws Exception {
    try (URLClassLoader other = new URLClassLoader(new URL[0])) {
      Module base = Object.class.getModule();
      Module foreign = other.getUnnamedModule();
      Module named = Logger.class.getModule();
      print("opened", NativeLibrary.openTo(foreign));
      print("opened to a named module", NativeLibrary.openTo(named));
      NativeLibrary.openTo(LoadProbe.class.getModule());
      for (String name : List.of("java.lang", "jdk.internal.vm", "jdk.internal.foreign")) {
        print(name, base.isOpen(name, foreign) + " " + base.isOpen(name, named));
      }
      print("loaded by opening", NativeLibrary.isLoaded());
    }
    print("virtual thread builder", isSchedulerSettable());
    print("continuation subclass", isContinuationExtensible());
    print("private method of a session", isSessionAccessible());
  }

  private static void load(String which) {
    try {
      NativeLibrary.load();
      print(which, "loaded");
    } catch (UnsatisfiedLinkError e) {
      print(which, e.getMessage());
      print(which + " cause", e.getCause());
    }
  }

  private static void loadConcurrently() throws InterruptedException {
    CyclicBarrier start = new CyclicBarrier(THREADS);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      start.await();
                      NativeLibrary.load();
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Uses the package that fibers need: isOpen alone does not prove that it is open. */
  private static boolean isSchedulerSettable() throws ReflectiveOperationException {
    return Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
        .getDeclaredConstructor(Executor.class)
        .trySetAccessible();
  }

  /** Defines a class: there the JVM uses its own module tables, not those of java.lang.Module. */
  private static boolean isContinuationExtensible() throws ReflectiveOperationException {
    byte[] subclass =
        ClassFile.of()
            .build(
                ClassDesc.of(LoadProbe.class.getPackageName() + ".Subclass"),
                builder -> builder.withSuperclass(ClassDesc.of("jdk.internal.vm.Continuation")));
    try {
      return MethodHandles.lookup().defineClass(subclass) != null;
    } catch (IllegalAccessError e) {
      return false;
    }
  }

  private static boolean isSessionAccessible() throws ReflectiveOperationException {
    Class<?> session = Class.forName("jdk.internal.foreign.MemorySessionImpl");
    try {
      return MethodHandles.privateLookupIn(session, MethodHandles.lookup())
              .findVirtual(session, "acquire0", MethodType.methodType(void.class))
          != null;
    } catch (IllegalAccessException e) {
      return false;
    }
  }

  /**
   * The distinct files that libweft's code is mapped from: inode and path. Only executable mappings
   * count: glibc leaves the first, read-only one of a file that it then refuses.
   */
  private static List<String> mappings() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("libweft"))
        .map(line -> line.split(" +", 6))
        .filter(columns -> columns[1].contains("x"))
        .map(columns -> columns[4] + " " + columns[5])
        .distinct()
        .toList();
  }

  private static List<String> leftBehind() throws IOException {
    Path workdir = Path.of(System.getProperty(NativeLibrary.WORKDIR_PROPERTY, ""));
    try (Stream<Path> files = Files.list(workdir)) {
      return files.map(Path::toString).filter(file -> file.contains("libweft")).toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  private static void print(String name, Object value) {
    System.out.println(name + ": " + value);
  }
}
