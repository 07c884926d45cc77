// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.micro.ExecutionMode;
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

/** What the programs write, started as programs: their output and the lines of their log. */
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

  /** Program, input, output, log; in both executors. */
  static Stream<Arguments> programs() {
    List<Arguments> programs =
        List.of(
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
    return programs.stream()
        .flatMap(
            program ->
                Stream.of(ExecutionMode.values())
                    .map(
                        mode -> {
                          List<Object> arguments = new ArrayList<>(List.of(program.get()));
                          arguments.addFirst(mode);
                          return Arguments.of(arguments.toArray());
                        }));
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

  @ParameterizedTest(name = "{1} {0}")
  @MethodSource("programs")
  void programsWriteWhatTheyPromise(
      ExecutionMode mode, String program, String input, String output, List<String> log)
      throws Exception {
    try (Program started = new Program(mode, program)) {
      started.write(input);
      started.endOfInput();

      assertEquals(output, started.output());
      assertEquals(log, started.log());
      assertEquals(0, started.status());
    }
  }

  @ParameterizedTest
  @EnumSource
  void aYieldIsTheEndInTheLocalExecutorOnly(ExecutionMode mode) throws Exception {
    try (Program started = new Program(mode, "Cr")) {
      started.endOfInput();

      assertEquals(mode.onReactor ? CR : CR.subList(0, 1), started.output().lines().toList());
      assertEquals(0, started.status());
    }
  }

  @ParameterizedTest
  @EnumSource
  void piecesAreReadAsTheyCome(ExecutionMode mode) throws Exception {
    try (Program started = new Program(mode, "PollRead")) {
      started.write("message 1");
      assertEquals("size of 1st chunk: 9", started.nextLog());
      started.write("message 2");
      assertEquals("size of 2nd chunk: 9", started.nextLog());
      started.endOfInput();
      assertEquals(0, started.status());
    }
  }

  /** {@code scripts/mt_test} has a name for each program. */
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

  /** A program in a JVM of its own. */
  private static final class Program implements AutoCloseable {
    private final Process process;
    private final java.io.BufferedReader errors;

    Program(ExecutionMode mode, String name) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of(
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-XX:+UseSerialGC",
              "-Xshare:auto",
              "--enable-native-access=ALL-UNNAMED",
              "--add-opens=java.base/java.lang=ALL-UNNAMED",
              "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED",
              "-Ddev.weft.micro.stackful=" + mode.stackful,
              "-cp",
              System.getProperty("java.class.path"),
              "dev.weft.examples.micro." + name,
              mode.onReactor ? "full" : "local"));
      process = new ProcessBuilder(command).start();
      errors = process.errorReader(StandardCharsets.UTF_8);
    }

    void write(String input) throws IOException {
      OutputStream in = process.getOutputStream();
      in.write(input.getBytes(StandardCharsets.UTF_8));
      in.flush();
    }

    void endOfInput() throws IOException {
      process.getOutputStream().close();
    }

    /** Lines of the log as mnvkd's tests filter them. */
    List<String> log() {
      return errors.lines().filter(Program::isLog).map(Program::message).toList();
    }

    String nextLog() throws IOException {
      for (String line; (line = errors.readLine()) != null; ) {
        if (isLog(line)) {
          return message(line);
        }
      }
      return "the end";
    }

    private static boolean isLog(String line) {
      return line.contains(": LOG ");
    }

    private static String message(String line) {
      return line.replaceFirst(".*LOG ", "");
    }

    String output() throws IOException {
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    int status() throws InterruptedException {
      return process.waitFor();
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }
}
