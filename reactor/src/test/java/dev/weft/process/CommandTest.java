// SPDX-License-Identifier: Apache-2.0
package dev.weft.process;

import static dev.weft.Throwing.assertThrows;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.net.SocketPair;
import dev.weft.net.UnixSocket;
import dev.weft.text.ByteReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A child gets what its command says, and a command that can't be started says why. */
class CommandTest {
  @TempDir private Path folder;

  /** What the command writes to its standard output. */
  private static String output(Command command) throws Exception {
    try (ChildProcess child = command.withOutput(Redirect.PIPE).start()) {
      String text = new String(new ByteReader(child.output()).readAll(1 << 20), UTF_8);
      assertTrue(child.await().isSuccess(), command::toString);
      return text;
    }
  }

  private static void run(Command command) throws Exception {
    try (ChildProcess child = command.start()) {
      assertTrue(child.await().isSuccess(), command::toString);
    }
  }

  // ---- what is refused at once

  @Test
  @Tag("mode-independent")
  void textsWithoutMeaningAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> Command.of(""));
    assertThrows(IllegalArgumentException.class, () -> Command.of("a\0b"));
    assertThrows(IllegalArgumentException.class, () -> Command.of("a", "b\0"));
    assertThrows(IllegalArgumentException.class, () -> Command.of("a", "\uD800"));
    Command command = Command.of("a");
    assertThrows(IllegalArgumentException.class, () -> command.withVariable("", "b"));
    assertThrows(IllegalArgumentException.class, () -> command.withVariable("a=b", "c"));
    assertThrows(IllegalArgumentException.class, () -> command.withVariable("a", "\0"));
    assertThrows(IllegalArgumentException.class, () -> command.withoutVariable("a=b"));
    assertThrows(IllegalArgumentException.class, () -> command.withInput(Redirect.OUTPUT));
    assertThrows(IllegalArgumentException.class, () -> command.withOutput(Redirect.OUTPUT));
    assertThrows(IllegalArgumentException.class, () -> Redirect.descriptor(-1));
    assertThrows(IllegalArgumentException.class, () -> Redirect.of(() -> {}));
    assertEquals("a b c", Command.of("a", "b").withArguments("c").toString());
  }

  @Test
  void aSelectorHasNoChildProcesses() throws Exception {
    Reactors.run(
        Reactors.options().withBackend(BackendKind.SELECTOR),
        () -> {
          Command command = Command.of("true").withOutput(Redirect.to(folder.resolve("made")));
          UnsupportedOperationException e =
              assertThrows(UnsupportedOperationException.class, command::start);
          assertEquals("start true: the selector backend can't do that", e.getMessage());
          assertTrue(Files.notExists(folder.resolve("made")));
        });
  }

  // ---- errors of the system

  private static void assertFails(Errno errno, String message, Command command) {
    ErrnoException e = assertThrows(ErrnoException.class, command::start);
    assertEquals(errno, e.errno(), e::getMessage);
    assertTrue(e.getMessage().startsWith(message + ": " + errno), e::getMessage);
  }

  @Test
  @Tag("needs-io-uring")
  void theErrorNamesTheProgramTheDirectoryOrTheFile() throws Exception {
    Path text = Files.writeString(folder.resolve("text"), "no program");
    Path odd = Files.writeString(folder.resolve("odd"), "no program");
    Files.setPosixFilePermissions(odd, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path absent = folder.resolve("absent");
    Command command = Command.of("true");
    Reactors.run(
        () -> {
          assertFails(Errno.ENOENT, "spawn no-such-program", Command.of("no-such-program"));
          assertFails(Errno.ENOENT, "spawn ./true", Command.of("./true"));
          assertFails(Errno.EACCES, "spawn " + text, Command.of(text));
          assertFails(Errno.EACCES, "spawn " + folder, Command.of(folder));
          assertFails(Errno.ENOTDIR, "spawn " + text + "/a", Command.of(text + "/a"));
          assertFails(Errno.ENOEXEC, "spawn " + odd, Command.of(odd));
          assertFails(Errno.E2BIG, "spawn true", Command.of("true", "x".repeat(200_000)));
          assertFails(Errno.ENOENT, "chdir " + absent, command.withDirectory(absent));
          assertFails(Errno.ENOTDIR, "chdir " + text, command.withDirectory(text));
          assertFails(Errno.ENOENT, "open " + absent, command.withInput(Redirect.from(absent)));
          assertFails(Errno.EISDIR, "open " + folder, command.withError(Redirect.to(folder)));
          assertFails(Errno.EBADF, "spawn true", command.withInput(Redirect.descriptor(98_765)));
        });
  }

  // ---- what a child gets

  @Test
  @Tag("needs-io-uring")
  void argumentsArriveAsTheyAre() throws Exception {
    Reactors.run(
        () -> {
          Command command = Command.of("printf", "[%s]", "", " a  b", "$HOME \"'\\\n", "äöü€𝄞");
          assertEquals("[][ a  b][$HOME \"'\\\n][äöü€𝄞]", output(command));
          Path file = folder.resolve("a file");
          assertEquals("[" + file + "]", output(Command.of("printf", "[%s]").withArgument(file)));
        });
  }

  @Test
  @Tag("needs-io-uring")
  void theEnvironmentIsInheritedChangedOrReplaced() throws Exception {
    Reactors.run(
        () -> {
          Command env = Command.of("env");
          String inherited = output(env);
          assertTrue(inherited.contains("PATH=" + System.getenv("PATH") + "\n"), inherited);
          String changed =
              output(
                  env.withVariable("PATH", "/a=b").withVariable("NEW", "").withoutVariable("NEW2"));
          assertTrue(changed.contains("PATH=/a=b\n"), changed);
          assertTrue(changed.endsWith("NEW=\n"), changed);
          assertEquals(inherited.lines().count() + 1, changed.lines().count());
          String less = output(env.withoutVariable("PATH"));
          assertEquals(inherited.lines().count() - 1, less.lines().count());
          assertEquals("ONE=1\n", output(env.withEnvironment(Map.of("ONE", "1"))));
          assertEquals("", output(env.withEnvironment(Map.of())));
        });
  }

  @Test
  @Tag("needs-io-uring")
  void theDirectoryIsThatOfTheChildAlone() throws Exception {
    Path script = Files.writeString(folder.resolve("script"), "#!/bin/sh\npwd -P\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    String expected = folder.toRealPath() + "\n";
    Reactors.run(
        () -> {
          assertEquals(expected, output(Command.of("pwd", "-P").withDirectory(folder)));
          assertEquals(expected, output(Command.of("./script").withDirectory(folder)));
          assertEquals(expected, output(Command.of(Path.of("script")).withDirectory(folder)));
          assertEquals(System.getProperty("user.dir") + "\n", output(Command.of("pwd")));
        });
  }

  // ---- redirects

  @Test
  @Tag("needs-io-uring")
  void filesAreReadWrittenAndAppendedTo() throws Exception {
    Path input = Files.writeString(folder.resolve("input"), "text");
    Path output = Files.writeString(folder.resolve("output"), "a longer text from before");
    Command cat = Command.of("cat").withInput(Redirect.from(input));
    Reactors.run(
        () -> {
          run(cat.withOutput(Redirect.to(output)));
          assertEquals("text", Files.readString(output));
          run(cat.withOutput(Redirect.appendTo(output)));
          assertEquals("texttext", Files.readString(output));
          run(cat.withOutput(Redirect.appendTo(folder.resolve("new"))));
          assertEquals("text", Files.readString(folder.resolve("new")));
          run(cat.withOutput(Redirect.NULL));
          assertEquals("", output(cat.withInput(Redirect.NULL)));
        });
  }

  @Test
  @Tag("needs-io-uring")
  void standardErrorGoesWhereStandardOutputGoes() throws Exception {
    Path file = folder.resolve("both");
    Command command =
        Command.of("sh", "-c", "echo out; echo err >&2; echo out").withError(Redirect.OUTPUT);
    Reactors.run(
        () -> {
          assertEquals("out\nerr\nout\n", output(command));
          run(command.withOutput(Redirect.to(file)));
          assertEquals("out\nerr\nout\n", Files.readString(file));
        });
  }

  @Test
  @Tag("needs-io-uring")
  void openStreamsAreSharedAndStayOpen() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "one\ntwo\n");
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (File file = File.open(path);
              Pipe pipe = Pipe.open();
              UnixSocket first = pair.first();
              UnixSocket second = pair.second()) {
            Command read = Command.of("sh", "-c", "read line; echo $line");
            run(read.withInput(Redirect.of(file)).withOutput(Redirect.of(pipe.sink())));
            pipe.sink().close();
            ByteReader reader = new ByteReader(pipe.source());
            assertEquals("one", reader.readLine(10));
            assertEquals(-1, reader.read());
            run(Command.of("echo", "hello").withOutput(Redirect.of(first)));
            assertEquals("hello", new ByteReader(second).readLine(10));
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void descriptorsOfOthersAreShared() throws Exception {
    Reactors.run(
        () -> {
          // standard error of this process, as both
          Command command = Command.of("sh", "-c", "[ /dev/fd/1 -ef /dev/fd/2 ]");
          Redirect error = Redirect.descriptor(2);
          run(command.withOutput(error).withError(Redirect.OUTPUT));
          run(command.withOutput(error));
        });
  }

  @Test
  @Tag("needs-io-uring")
  void onlyPipesHaveAnEndHere() throws Exception {
    Reactors.run(
        () -> {
          try (ChildProcess child = Command.of("true").withError(Redirect.NULL).start()) {
            assertThrows(IllegalStateException.class, child::input);
            assertThrows(IllegalStateException.class, child::output);
            assertThrows(IllegalStateException.class, child::error);
          }
        });
  }
}
