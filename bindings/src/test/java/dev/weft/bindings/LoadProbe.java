// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.stream.Stream;

/**
 * The program of {@link NativeLibraryTest}: loads the library in a JVM of its own, where nothing
 * has loaded it, and prints what came of it as lines "name: value".
 */
final class LoadProbe {
  private static final int THREADS = 4;

  private LoadProbe() {}

  public static void main(String[] arguments) throws Exception {
    try (URLClassLoader other = new URLClassLoader(new URL[0])) {
      Module stranger = other.getUnnamedModule();
      print("opened before", NativeLibrary.openTo(stranger));
      if (List.of(arguments).contains("concurrently")) {
        loadConcurrently();
      }
      load("first");
      load("second");
      print("loaded", NativeLibrary.isLoaded());
      print("opened after", NativeLibrary.openTo(stranger));
      print("continuations", Object.class.getModule().isOpen("jdk.internal.vm", stranger));
    }
    print("virtual thread builder", isSchedulerSettable());
    print("mappings", mappings());
    print("left behind", leftBehind());
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

  /** The door that fibers go through: it must be open in fact, not only by isOpen's word. */
  private static boolean isSchedulerSettable() throws ReflectiveOperationException {
    return Class.forName("java.lang.ThreadBuilders$VirtualThreadBuilder")
        .getDeclaredConstructor(Executor.class)
        .trySetAccessible();
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
