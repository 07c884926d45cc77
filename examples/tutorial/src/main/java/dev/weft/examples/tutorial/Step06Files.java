// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.weft.Bundle;
import dev.weft.Reactor;
import dev.weft.Task;
import dev.weft.fs.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/** Step 6: files. Reads and writes suspend the fiber; the memory for them is native. */
final class Step06Files {
  static void main() throws Exception {
    Path one = Files.createTempFile("one", null);
    Path two = Files.createTempFile("two", null);
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            write(one, "alpha\n");
            write(two, "beta\n".repeat(10_000));
            try (Bundle bundle = Bundle.open()) {
              Task<Long> first = bundle.go(() -> lines(one)); // both files concurrently
              Task<Long> second = bundle.go(() -> lines(two));
              System.out.println(first.join() + " and " + second.join() + " lines");
            }
          });
    }
    Files.delete(one);
    Files.delete(two);
  }

  private static void write(Path path, String text) throws IOException {
    try (File file = File.open(path, WRITE)) {
      file.write(Arena.ofAuto().allocateFrom(JAVA_BYTE, text.getBytes(UTF_8))); // all of it
      System.out.println("wrote " + file.stat().sizeBytes() + " bytes");
    }
  }

  private static long lines(Path path) throws IOException {
    MemorySegment buffer = Arena.ofAuto().allocate(64 * 1024);
    long lines = 0;
    try (File file = File.open(path)) {
      for (int n; (n = file.read(buffer)) >= 0; ) {
        for (int i = 0; i < n; i++) {
          lines += buffer.get(JAVA_BYTE, i) == '\n' ? 1 : 0;
        }
      }
    }
    return lines;
  }
}
