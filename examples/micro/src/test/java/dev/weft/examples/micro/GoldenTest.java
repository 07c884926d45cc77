// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.examples.common.ChildProcess;
import dev.weft.micro.ExecutionMode;
import dev.weft.micro.MicroThread;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What the programs write: their output and the lines of their log. */
class GoldenTest {
  private static final String MESSAGE = "MyProto 1.0\n10\n1234567890";

  private static final List<String> CR =
      IntStream.range(0, 10).mapToObj(i -> "iteration " + i).toList();

  private static final List<String> FT =
      List.of(
          "Request at requestor: 5",
          "Request at responder: 5",
          "Response at responder: 7",
          "Response at requestor: 7");

  private static final List<String> ERR2 =
      List.of(
          "Before signal is raised.",
          "Generating signal.",
          "Caught signal: Bad address",
          "Before signal is raised.",
          "Signal is not generated.",
          "After signal is raised.",
          "Signal is cleaned up.");

  private static final List<String> ERR =
      List.of(
          "Before error is raised.",
          "somefunction: No such file or directory",
          "Caught error: No such file or directory",
          "After error is raised.",
          "Error is cleaned up.");

  private static final List<String> LOG =
      List.of(
          "test 1",
          "test",
          "test: Invalid argument",
          "debug 1",
          "debug",
          "debug: Invalid argument");

  /** Program, input, output, log. */
  static Stream<Arguments> programs() {
    return Stream.of(
        Arguments.of("Log", "", "", LOG),
        Arguments.of("Mem", "", "", mem()),
        Arguments.of("Exec", "", "", exec()),
        Arguments.of("Ft", "", "", FT),
        Arguments.of("Ft2", "", "", FT),
        Arguments.of("Ft3", "", "", List.of("foreground", "background")),
        Arguments.of("Err", "", "", ERR),
        Arguments.of("Err2", "", "", ERR2),
        Arguments.of("Fault", "", "", faults()),
        Arguments.of("Write", "", MESSAGE, List.of()),
        Arguments.of("Read", MESSAGE, "", List.of("header size: 10", "body: 1234567890")),
        Arguments.of("Forward", MESSAGE, MESSAGE, List.of("header size: 10")),
        Arguments.of("Echo", "a\nb\n", "Line 0: a\nLine 1: b\n", List.of()));
  }

  private static List<String> mem() {
    List<String> lines = new ArrayList<>();
    for (int j = 0; j < 2; j++) {
      for (int i = 0; i < 10; i++) {
        lines.add("counters: (%d, %d, Dynamically allocated for %d)".formatted(j, i, j));
      }
    }
    return lines;
  }

  private static List<String> exec() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      lines.add("example1: " + i);
      lines.add("example2: " + i);
    }
    return lines;
  }

  private static List<String> faults() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      lines.add("count: " + i);
      lines.add(i % 2 == 0 ? "segfault" : "division by zero");
      lines.add(
          i % 2 == 0
              ? "Caught Signal SIGSEGV: Invalid memory reference."
                  + " - Code SEGV_MAPERR: Address not mapped to object"
              : "Caught Signal SIGFPE: Erroneous arithmetic operation."
                  + " - Code FPE_INTDIV: Integer divide by zero");
    }
    lines.add("count: 9");
    lines.add("sum: 0");
    return lines;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("programs")
  void programsPrintTheirGoldenOutput(String name, String input, String output, List<String> log)
      throws Exception {
    try (ChildProcess program = start(ExecutionMode.REACTOR_WOVEN, name)) {
      say(program, input);
      program.process.getOutputStream().close();

      assertEquals(output, program.output());
      assertEquals(log, messages(program.errors().lines().toList()));
      assertEquals(0, program.status());
    }
  }

  /** In this process: each in one of its own would take most of the time. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("programs")
  void threadsWriteTheSameInEveryMode(String name, String input, String output, List<String> log)
      throws Exception {
    for (ExecutionMode mode : ExecutionMode.values()) {
      MicroThread main = (MicroThread) type(name).getDeclaredConstructor().newInstance();

      ExecutionMode.Outcome outcome = mode.run(main, input);

      assertEquals(output, outcome.output(), mode::toString);
      assertEquals(log, messages(outcome.log()), mode::toString);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aYieldEndsTheProgramInTheLocalExecutorOnly(ExecutionMode mode) throws Exception {
    try (ChildProcess program = start(mode, "Cr")) {
      program.process.getOutputStream().close();

      assertEquals(mode.onReactor ? CR : CR.subList(0, 1), program.output().lines().toList());
      assertEquals(0, program.status());
    }
  }

  @ParameterizedTest
  @EnumSource
  void inputInPiecesIsReadAsItArrives(ExecutionMode mode) throws Exception {
    try (ChildProcess program = start(mode, "PollRead")) {
      say(program, "message 1");
      assertEquals("size of 1st chunk: 9", nextMessage(program));
      say(program, "message 2");
      assertEquals("size of 2nd chunk: 9", nextMessage(program));
      program.process.getOutputStream().close();
      assertEquals(0, program.status());
    }
  }

  /** {@code scripts/mt_test} names each program. */
  @Test
  void theScriptStartsEveryProgram() throws Exception {
    Path module = Path.of(System.getProperty("basedir", ".")).toAbsolutePath();
    Set<String> named = new TreeSet<>();
    Pattern.compile("\\[\\w+]=(\\w+)")
        .matcher(Files.readString(module.resolve("../../scripts/mt_test")))
        .results()
        .forEach(match -> named.add(match.group(1) + ".java"));

    Set<String> programs = new TreeSet<>();
    Path sources = module.resolve("src/main/java/dev/weft/examples/micro");
    try (Stream<Path> files = Files.list(sources)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (Files.readString(file).contains("Launch.in(")) {
          programs.add(file.getFileName().toString());
        }
      }
    }
    assertEquals(programs, named);
  }

  private static Class<?> type(String name) throws ClassNotFoundException {
    return Class.forName(GoldenTest.class.getPackageName() + "." + name);
  }

  /** Starts a program in a JVM of its own. */
  private static ChildProcess start(ExecutionMode mode, String name) throws Exception {
    return ChildProcess.startWith(
        List.of("-Ddev.weft.micro.stackful=" + mode.stackful),
        type(name),
        mode.onReactor ? "full" : "local");
  }

  private static void say(ChildProcess program, String input) throws IOException {
    OutputStream in = program.process.getOutputStream();
    in.write(input.getBytes(StandardCharsets.UTF_8));
    in.flush();
  }

  /** The lines of the log, filtered as in mnvkd's tests. */
  private static List<String> messages(List<String> log) {
    return log.stream().filter(GoldenTest::isMessage).map(GoldenTest::message).toList();
  }

  private static String nextMessage(ChildProcess program) throws IOException {
    for (String line; (line = program.error()) != null; ) {
      if (isMessage(line)) {
        return message(line);
      }
    }
    return "the end";
  }

  private static boolean isMessage(String line) {
    return line.contains(": LOG ");
  }

  private static String message(String line) {
    return line.replaceFirst(".*LOG ", "");
  }
}
