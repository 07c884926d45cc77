// SPDX-License-Identifier: Apache-2.0
package dev.weft.weaver.tests;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.weaver.Main;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Breakpoints, in the debugger that stops in the first method only of those that have the line. */
class JdbTest {
  private static final String CLASS_PATH = System.getProperty("java.class.path");
  private static final String PROGRAM =
      """
      package p;
      import dev.weft.routine.*; import dev.weft.routine.codegen.*;
      public class T extends Routine {
        int sum;
        int step(int x) {
          int before = x;
          Routine.suspend();
          int after = before + 1;
          return after;
        }
        protected void run() {
          for (int i = 0; i < 3; i++) {
            sum += step(i);
            sum++;
          }
          sum = 0;
        }
        public static void main(String[] arguments) throws Exception {
          Routine t = arguments.length > 0 ? new T().stackful() : new T();
          Context context = new Context();
          while (t.go(context)) {}
        }
      }
      """;

  @TempDir Path parent;
  private Path folder;

  @BeforeEach
  void weave() throws IOException {
    folder = parent.resolve("classes");
    for (Map.Entry<String, byte[]> each : Compiler.compile(Map.of("p.T", PROGRAM)).entrySet()) {
      Path file = folder.resolve(each.getKey() + ".class");
      Files.createDirectories(file.getParent());
      Files.write(file, each.getValue());
    }
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    assertEquals(0, Main.run(nowhere, nowhere, "-cp", CLASS_PATH, folder.toString()));
  }

  /** How often a breakpoint in a line is hit. */
  private static int hits(int line, String path, String... arguments) throws Exception {
    Path jdb = Path.of(System.getProperty("java.home"), "bin", "jdb");
    String exports = "-R--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED";
    Process process =
        new ProcessBuilder(List.of(jdb.toString(), exports, "-classpath", path, "p.T"))
            .redirectErrorStream(true)
            .start();
    try (OutputStream in = process.getOutputStream();
        InputStream out = process.getInputStream()) {
      readTo(out, "> ");
      say(in, "stop at p.T:" + line);
      readTo(out, "> ");
      say(in, "run p.T " + String.join(" ", arguments));
      int hits = 0;
      while (readTo(out, "main[1] ").contains("Breakpoint hit")) {
        hits++;
        say(in, "cont");
      }
      return hits;
    } finally {
      process.destroy();
    }
  }

  private static void say(OutputStream in, String command) throws IOException {
    in.write((command + "\n").getBytes(StandardCharsets.UTF_8));
    in.flush();
  }

  /** What is read up to a prompt, or to the end of the stream. */
  private static String readTo(InputStream out, String prompt) throws IOException {
    ByteArrayOutputStream read = new ByteArrayOutputStream();
    for (int next; (next = out.read()) >= 0; ) {
      read.write(next);
      if (next == ' ' && read.toString(StandardCharsets.UTF_8).endsWith(prompt)) {
        break;
      }
    }
    return read.toString(StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({"6, 3", "7, 3", "8, 3", "9, 3", "13, 3", "14, 3", "16, 1"})
  void breakpointIsHitInWovenCode(int line, int times) throws Exception {
    assertEquals(times, hits(line, folder + ":" + CLASS_PATH));
  }

  @Test
  void breakpointIsHitInStackfulCodeOfTheOriginals() throws Exception {
    String path = parent.resolve("classes-unwoven") + ":" + folder + ":" + CLASS_PATH;

    assertEquals(3, hits(13, path, "stackful"));
  }
}
