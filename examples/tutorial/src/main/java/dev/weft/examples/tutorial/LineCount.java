// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.fs.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Step 3: files, all at once: counts the lines of each argument. */
public final class LineCount {
  private LineCount() {}

  /** Prints a total. */
  public static void main(String[] args) throws Exception {
    List<Path> paths = new ArrayList<>();
    for (String arg : args) {
      paths.add(Path.of(arg));
    }
    try (Reactor reactor = Reactor.open()) {
      System.out.println(reactor.call(() -> count(paths)));
    }
  }

  /**
   * Needs no lock: fibers of one reactor take turns, and only where they suspend. So a sum is read
   * and written after the call that suspends: {@code sum[0] += count(path)} would read it before.
   */
  static long count(List<Path> paths) {
    long[] sum = {0};
    List<Fiber> fibers = new ArrayList<>();
    for (Path path : paths) {
      fibers.add(
          Fiber.start(
              "count " + path,
              () -> {
                long lines = count(path);
                sum[0] += lines;
              }));
    }
    fibers.forEach(Fiber::join);
    return sum[0];
  }

  private static long count(Path path) throws IOException {
    long lines = 0;
    try (File file = File.open(path);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(64 * 1024);
      for (int n; (n = file.read(buffer)) >= 0; ) {
        for (int i = 0; i < n; i++) {
          lines += buffer.get(JAVA_BYTE, i) == '\n' ? 1 : 0;
        }
      }
    }
    return lines;
  }
}
