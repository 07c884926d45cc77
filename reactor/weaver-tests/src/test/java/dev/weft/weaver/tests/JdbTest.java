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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Breakpoints in jdb, which stops only in the first of several methods that contain the line. */
class JdbTest {
  private static final String CLASS_PATH = Compiler.LIBRARY;
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

  private static final Pattern HIT = Pattern.compile("Breakpoint hit: [^\n]*?, line=(\\d+) ");

  @TempDir private static Path parent;
  private static Path folder;

  @BeforeAll
  static void weave() throws IOException {
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

  /** How often the breakpoint in each of the lines is hit. */
  private static Map<Integer, Integer> hits(Set<Integer> lines, String path, String... arguments)
      throws Exception {
    Path jdb = Path.of(System.getProperty("java.home"), "bin", "jdb");
    List<String> command = new ArrayList<>();
    command.add(jdb.toString());
    for (String option :
        List.of(
            "-XX:TieredStopAtLevel=1",
            "-XX:+UseSerialGC",
            "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED")) {
      command.add("-R" + option);
    }
    command.addAll(List.of("-classpath", path, "p.T"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream();
        InputStream out = process.getInputStream()) {
      readTo(out, "> ");
      for (int line : lines) {
        say(in, "stop at p.T:" + line);
        readTo(out, "> ");
      }
      say(in, "run p.T " + String.join(" ", arguments));
      Map<Integer, Integer> hits = new TreeMap<>();
      while (true) {
        Matcher hit = HIT.matcher(readTo(out, "main[1] "));
        if (!hit.find()) {
          return hits;
        }
        hits.merge(Integer.valueOf(hit.group(1)), 1, Integer::sum);
        say(in, "cont");
      }
    } finally {
      process.destroy();
    }
  }

  private static void say(OutputStream in, String command) throws IOException {
    in.write((command + "\n").getBytes(StandardCharsets.UTF_8));
    in.flush();
  }

  /** Reads up to a prompt, or to the end of the stream. */
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

  @Test
  void breakpointsAreHitInWovenCode() throws Exception {
    Map<Integer, Integer> times = Map.of(6, 3, 7, 3, 8, 3, 9, 3, 13, 3, 14, 3, 16, 1);

    assertEquals(times, hits(times.keySet(), folder + ":" + CLASS_PATH));
  }

  @Test
  void breakpointIsHitInStackfulCodeOfTheOriginals() throws Exception {
    String path = parent.resolve("classes-unwoven") + ":" + folder + ":" + CLASS_PATH;

    assertEquals(Map.of(13, 3), hits(Set.of(13), path, "stackful"));
  }
}
