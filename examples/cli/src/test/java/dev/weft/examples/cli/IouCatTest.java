// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IouCatTest {
  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private Path random(int length) throws IOException {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return Files.write(folder.resolve("random"), bytes);
  }

  @Test
  void filesAndStandardInputAreCopiedInTheOrderGiven() throws Exception {
    String one = file("one", "1\n").toString();
    String two = file("two", "2\n").toString();

    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat", two, "-", one, two)) {
      try (OutputStream in = cat.process.getOutputStream()) {
        in.write("in\n".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals("2\nin\n1\n2\n", cat.output());
      assertEquals("", cat.errors());
      assertEquals(0, cat.status());
    }
  }

  @Test
  void withoutArgumentsItCopiesStandardInput() throws Exception {
    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat")) {
      try (OutputStream in = cat.process.getOutputStream()) {
        in.write("hello".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals("hello", cat.output());
      assertEquals(0, cat.status());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 65_535, 65_536, 65_537, 10_000_000})
  void everyByteIsCopiedToAPipe(int length) throws Exception {
    Path source = random(length);

    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat", source.toString())) {
      assertArrayEquals(Files.readAllBytes(source), cat.process.getInputStream().readAllBytes());
      assertEquals(0, cat.status());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"$@\" > target",
        "\"$@\" >> target",
        "\"$@\" | cat > target",
        "\"${@:1:$#-1}\" < \"${@: -1}\" > target",
        "cat \"${@: -1}\" | \"${@:1:$#-1}\" | cat >> target",
      })
  void everyByteIsCopiedBetweenStreamsOfAllKinds(String line) throws Exception {
    Path source = random(3_000_001);

    try (ChildProcess cat =
        ChildProcess.shell(
            Main.class, "cd " + folder + "; " + line, "iou_cat", source.toString())) {
      assertEquals("", cat.errors());
      assertEquals(0, cat.status());
    }

    assertEquals(-1, Files.mismatch(source, folder.resolve("target")));
  }

  @Test
  void appendingKeepsTheContentOfTheFile() throws Exception {
    String source = file("source", "b").toString();
    Path target = file("target", "a");

    try (ChildProcess cat =
        ChildProcess.shell(Main.class, "\"$@\" >> " + target, "iou_cat", source, source)) {
      assertEquals(0, cat.status());
    }

    assertEquals("abb", Files.readString(target));
  }

  @Test
  void moreBytesThanAnIntCountsAreCopiedThroughAPipe() throws Exception {
    long length = (1L << 31) + (1 << 20);
    Path sparse = folder.resolve("sparse");
    try (RandomAccessFile file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(length);
      file.seek(length - 5);
      file.writeBytes("end");
    }

    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat", sparse.toString());
        InputStream out = cat.process.getInputStream()) {
      byte[] buffer = new byte[1 << 20];
      byte[] zero = new byte[1 << 20];
      long seen = 0;
      for (int count; (count = out.readNBytes(buffer, 0, buffer.length)) > 0; seen += count) {
        if (seen + count < length) {
          assertTrue(Arrays.equals(zero, buffer), "a byte at " + seen + " is not zero");
        }
      }
      assertEquals(length, seen);
      assertEquals("end", new String(buffer, (1 << 20) - 5, 3, StandardCharsets.US_ASCII));
      assertEquals(0, cat.status());
    }
  }

  @Test
  void aMissingFileIsReportedAndTheOthersAreCopied() throws Exception {
    String one = file("one", "1").toString();

    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat", one, "missing", one)) {
      assertEquals("11", cat.output());
      assertEquals("iou_cat: missing: No such file or directory", cat.errors());
      assertEquals(1, cat.status());
    }
  }

  @Test
  void aDirectoryIsReportedAndTheOthersAreCopied() throws Exception {
    String one = file("one", "1").toString();

    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat", folder.toString(), one)) {
      assertEquals("1", cat.output());
      assertEquals("iou_cat: " + folder + ": Is a directory", cat.errors());
      assertEquals(1, cat.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"$@\" > /dev/full", "\"$@\" >> /dev/full"})
  void aFullOutputIsReported(String line) throws Exception {
    String one = file("one", "1").toString();

    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat", one)) {
      assertEquals("iou_cat: standard output: No space left on device", cat.errors());
      assertEquals(1, cat.status());
    }
  }

  @Test
  void anUnwritableOutputIsReported() throws Exception {
    String one = file("one", "1").toString();

    // The JVM's launcher opens this instead of a closed standard output.
    try (ChildProcess cat = ChildProcess.shell(Main.class, "\"$@\" 1< /dev/null", "iou_cat", one)) {
      assertEquals("iou_cat: standard output: Bad file descriptor", cat.errors());
      assertEquals(1, cat.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"$@\" 0> /dev/null", "\"$@\" 0> /dev/null | cat"})
  void anUnreadableInputIsReportedAndTheOthersAreCopied(String line) throws Exception {
    String one = file("one", "1").toString();

    try (ChildProcess cat =
        ChildProcess.shell(Main.class, "set -o pipefail; " + line, "iou_cat", "-", one)) {
      assertEquals("1", cat.output());
      assertEquals("iou_cat: standard input: Bad file descriptor", cat.errors());
      assertEquals(1, cat.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/zero", "-"})
  void aClosedOutputPipeEndsTheProgramSilently(String source) throws Exception {
    String line = "set -o pipefail; \"$@\" < /dev/zero | head -c 100000 | wc -c";

    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat", source)) {
      assertEquals("100000", cat.output().strip());
      assertEquals("", cat.errors());
      assertEquals(141, cat.status(), "as if SIGPIPE had ended it");
    }
  }

  @Test
  void filesOfProcAreCopied() throws Exception {
    try (ChildProcess cat =
        ChildProcess.start(Main.class, "iou_cat", "/proc/self/status", "/proc/cpuinfo")) {
      String text = cat.output();
      assertTrue(text.startsWith("Name:"), text);
      assertTrue(text.contains("processor"), text);
      assertEquals(0, cat.status());
    }
  }

  @Test
  void aFileIsNotCopiedToItself() throws Exception {
    Path one = file("one", "1");
    String other = file("other", "2").toString();

    try (ChildProcess cat =
        ChildProcess.shell(Main.class, "\"$@\" >> " + one, "iou_cat", one.toString(), other)) {
      assertEquals("iou_cat: " + one + ": input file is output file", cat.errors());
      assertEquals(1, cat.status());
    }

    assertEquals("12", Files.readString(one));
  }

  /** As with GNU cat, only copies that would run until the disk is full are refused. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '!',
      value = {
        "x ! \"$@\" < f >> f ! 1 ! x",
        "x ! \"$@\" - < f >> f ! 1 ! x",
        "x ! \"$@\" <> f >&0 ! 1 ! x",
        "x ! \"$@\" f 1<> f ! 1 ! x",
        "x ! \"$@\" < f > f ! 0 ! ''",
        "'' ! \"$@\" < f >> f ! 0 ! ''",
        "'' ! \"$@\" f >> f ! 0 ! ''",
        "x ! (read -r line; \"$@\") < f >> f ! 0 ! x",
      })
  void aFileIsCopiedToItselfOnlyIfTheCopyEnds(String text, String line, int status, String after)
      throws Exception {
    Path file = file("f", text.isEmpty() ? "" : text + "\n");

    try (ChildProcess cat =
        ChildProcess.shell(
            Main.class, "ulimit -f 64; cd " + folder + "; set -o pipefail; " + line, "iou_cat")) {
      assertEquals(
          status == 0 ? "" : "input file is output file",
          cat.errors().replaceFirst("iou_cat: (standard input|f): ", ""));
      assertEquals(status, cat.status());
    }

    assertEquals(after, Files.readString(file).replace("\n", ""));
  }

  @ParameterizedTest
  @ValueSource(strings = {"LC_ALL=C", "-u LC_ALL -u LC_CTYPE -u LANG", "LC_ALL=C.UTF-8"})
  void fileNamesAreBytesWhateverTheLocale(String locale) throws Exception {
    String line =
        "cd "
            + folder
            + "; printf 1 > $'\\xfc'; printf 2 > $'\\xc3\\xbc'; printf 3 > plain; env "
            + locale
            + " \"$@\" -- $'\\xc3\\xbc' plain $'\\xfc' $'\\xfd'";

    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat")) {
      assertEquals("231", cat.output());
      byte[] errors = cat.process.getErrorStream().readAllBytes();
      assertEquals(
          "iou_cat: \u00fd: No such file or directory\n",
          new String(errors, StandardCharsets.ISO_8859_1));
      assertEquals(1, cat.status());
    }
  }

  @Test
  void aTrailingSlashRequiresADirectory() throws Exception {
    String one = file("one", "1") + "/";

    try (ChildProcess cat =
        ChildProcess.start(Main.class, "iou_cat", one, folder + "/", folder + "/none/")) {
      assertEquals(
          List.of(
              "iou_cat: " + one + ": Not a directory",
              "iou_cat: " + folder + "/: Is a directory",
              "iou_cat: " + folder + "/none/: No such file or directory"),
          cat.errors().lines().toList());
      assertEquals(1, cat.status());
    }
  }

  @Test
  void anArgumentThatBeginsWithAnAtSignIsAFileName() throws Exception {
    file("inner", "secret");
    file("list", "inner\n");
    file("@list", "of @list");

    String line = "cd " + folder + "; \"$@\" @list; \"$@\" -- @list";
    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat")) {
      assertEquals("of @listof @list", cat.output());
      assertEquals(0, cat.status());
    }
  }

  @Test
  void theWriterOfANamedPipeIsAwaited() throws Exception {
    String line =
        "cd "
            + folder
            + "; mkfifo p; \"$@\" p & while ! [ -p p ]; do :; done; echo hi > p; wait $!";

    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat")) {
      assertEquals("hi\n", cat.output());
      assertEquals(0, cat.status());
    }
  }

  /** Stopping and continuing the process interrupts the kernel's worker that waits for input. */
  @Tag("needs-io-uring")
  @ParameterizedTest
  @ValueSource(strings = {"\"$@\"", "\"$@\" > target; cat target", "\"$@\" | cat"})
  void beingStoppedWhileWaitingIsNoFailure(String line) throws Exception {
    String script = "cd " + folder + "; set -o pipefail; " + line;
    try (ChildProcess cat = ChildProcess.shell(Main.class, script, "iou_cat")) {
      ProcessHandle program = awaitWorker(cat.process.toHandle());
      kill("STOP", program);
      while (states(program).stream().anyMatch(state -> state != 'T')) {
        Thread.onSpinWait();
      }
      kill("CONT", program);
      try (OutputStream in = cat.process.getOutputStream()) {
        in.write("late".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals("late", cat.output());
      assertEquals("", cat.errors());
      assertEquals(0, cat.status());
    }
  }

  private static void kill(String signal, ProcessHandle process) throws Exception {
    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start().waitFor();
  }

  /** Waits until a worker of the ring of {@code shell}, or of one of its children, sleeps. */
  private static ProcessHandle awaitWorker(ProcessHandle shell) throws IOException {
    while (true) {
      List<ProcessHandle> all = Stream.concat(Stream.of(shell), shell.descendants()).toList();
      for (ProcessHandle process : all) {
        if (stats(process).stream().anyMatch(stat -> stat.matches("\\d+ \\(iou-wrk.*\\) S .*"))) {
          return process;
        }
      }
      assertTrue(shell.isAlive());
    }
  }

  /** The states of the threads, see proc_pid_stat(5). */
  private static List<Character> states(ProcessHandle process) throws IOException {
    return stats(process).stream().map(stat -> stat.charAt(stat.lastIndexOf(')') + 2)).toList();
  }

  private static List<String> stats(ProcessHandle process) throws IOException {
    List<String> stats = new ArrayList<>();
    Path tasks = Path.of("/proc/" + process.pid() + "/task");
    if (Files.isDirectory(tasks)) {
      try (Stream<Path> listed = Files.list(tasks)) {
        for (Path task : listed.toList()) {
          stats.add(Files.readString(task.resolve("stat")).strip());
        }
      } catch (IOException | UncheckedIOException e) {
        return List.of(); // a thread or the process has ended meanwhile
      }
    }
    return stats;
  }

  @Test
  void aTerminalIsReadAndWritten() throws Exception {
    // script(1) connects both streams to a terminal, and sends Ctrl-D when its own input ends.
    String line = "printf 'typed\\n' | script -qec \"$(printf '%q ' \"$@\")\" /dev/null";

    try (ChildProcess cat = ChildProcess.shell(Main.class, line, "iou_cat")) {
      assertTrue(cat.output().contains("typed\r\ntyped\r\n"), "echoed, then copied");
      assertEquals(0, cat.status());
    }
  }

  @Test
  void unknownOptionsAreRefused() throws Exception {
    try (ChildProcess cat = ChildProcess.start(Main.class, "iou_cat", "--bogus")) {
      assertEquals(ChildProcess.refusal("iou_cat", "Unknown option: '--bogus'"), cat.errors());
      assertEquals(2, cat.status());
    }
  }

  @Test
  void helpAndVersionGoToStandardOutput() throws Exception {
    try (ChildProcess help = ChildProcess.start(Main.class, "iou_cat", "--help");
        ChildProcess version = ChildProcess.start(Main.class, "iou_cat", "--version")) {
      String text = help.output();
      assertTrue(text.startsWith("Usage: iou_cat"));
      assertTrue(text.contains("Copies each FILE"));
      assertEquals(0, help.status());
      assertTrue(version.output().startsWith("iou_cat (Weft)"));
      assertEquals(0, version.status());
    }
  }
}
