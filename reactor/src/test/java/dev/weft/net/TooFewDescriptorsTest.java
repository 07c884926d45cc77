// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.BackendKind;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a process has no descriptors left, calls that need one fail, and the others do not. */
@Tag("mode-independent")
class TooFewDescriptorsTest {
  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "SELECTOR"})
  void callsFailWithEmfileUntilADescriptorIsClosed(BackendKind backend) throws Exception {
    assertEquals(
        List.of(
            "connected true",
            "pipe: EMFILE",
            "file: EMFILE",
            "listener: EMFILE",
            "connection: EMFILE",
            "accept: EMFILE",
            "accepted true"),
        linesOf(TooFewDescriptorsProgram.class, backend));
  }

  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "SELECTOR"})
  void aServerReportsThatNoneIsLeftAndServesWhenOneIsFree(BackendKind backend) throws Exception {
    assertEquals(
        List.of(
            "ACCEPT: ENOENT",
            "answered 1",
            "ACCEPT: EMFILE",
            "answered 2",
            "waits true",
            "answered 3",
            "answered 4"),
        linesOf(TooFewDescriptorsServer.class, backend));
  }

  /** What a program prints that has up to 100 descriptors. */
  private static List<String> linesOf(Class<?> program, BackendKind backend) throws Exception {
    Process process =
        new ProcessBuilder(
                "sh",
                "-c",
                "ulimit -n 100; exec \"$@\"",
                "sh",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-ea",
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED",
                "-Dweft.backend=" + backend,
                "-cp",
                jars(),
                program.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> lines = process.inputReader().lines().toList();
    assertEquals(0, process.waitFor());
    return lines;
  }

  /** The class path in jars: to load a class from a folder takes a descriptor. */
  private static String jars() throws IOException {
    List<String> entries = new ArrayList<>();
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      entries.add(Files.isDirectory(path) ? pack(path) : entry);
    }
    return String.join(File.pathSeparator, entries);
  }

  private static String pack(Path folder) throws IOException {
    File jar = File.createTempFile("weft-test-", ".jar");
    jar.deleteOnExit();
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar.toPath()));
        Stream<Path> files = Files.walk(folder)) {
      out.setLevel(Deflater.NO_COMPRESSION);
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        out.putNextEntry(new JarEntry(folder.relativize(file).toString()));
        Files.copy(file, out);
      }
    }
    return jar.getPath();
  }
}
