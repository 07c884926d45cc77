// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactor;
import dev.weft.bindings.NativeLibrary;
import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jctools.queues.MpscArrayQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A user's program that uses only the library, as a module and on the class path. */
@Tag("needs-stack")
class UserModuleTest {
  /** The library and its one dependency, without the annotations that only its build needs. */
  private static final String LIBRARY =
      Stream.of(Reactor.class, Simulation.class, NativeLibrary.class, MpscArrayQueue.class)
          .map(type -> LibraryFiles.of(type).place().toString())
          .collect(Collectors.joining(File.pathSeparator));

  private static final String PROGRAM =
      """
      package app;

      import dev.weft.Generator;
      import dev.weft.Reactor;
      import dev.weft.net.TcpSocket;
      import dev.weft.sim.Simulation;
      import dev.weft.sync.Channel;

      public class Program {
        TcpSocket socket;
        Simulation simulation;

        public static void main(String[] args) throws Exception {
          Generator<Integer> one = Generator.of(out -> out.yield(1));
          try (Reactor reactor = Reactor.open()) {
            String answer =
                reactor.call(
                    () -> {
                      Channel<String> channel = Channel.buffered(1);
                      channel.send("hello ");
                      return channel.receive() + one.iterator().next();
                    });
            System.out.println(answer);
          }
        }
      }
      """;

  @TempDir Path folder;

  private Path source(String name, String text) throws Exception {
    Path file = folder.resolve("src").resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /** Returns javac's messages, with all warnings enabled. */
  private String compile(String pathOption, Path... sources) {
    List<String> words = new ArrayList<>(List.of("-Xlint:all", "-Werror", pathOption, LIBRARY));
    words.addAll(List.of("-d", folder.resolve("classes").toString()));
    Stream.of(sources).forEach(source -> words.add(source.toString()));
    StringWriter output = new StringWriter();
    int status =
        ToolProvider.findFirst("javac")
            .orElseThrow()
            .run(new PrintWriter(output), new PrintWriter(output), words.toArray(String[]::new));
    return status == 0 ? output.toString() : status + ": " + output;
  }

  private String run(String... words) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-XX:TieredStopAtLevel=1");
    command.addAll(List.of(words));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.strip();
  }

  /** Denies native access that is not granted, as the JDK will do by default in future. */
  @Test
  void aModuleNeedsToRequireTheLibraryOnly() throws Exception {
    Path module =
        source(
            "module-info.java", "module app { requires dev.weft.reactor; requires dev.weft.sim; }");

    assertEquals("", compile("--module-path", module, source("app/Program.java", PROGRAM)));
    assertEquals(
        "hello 1",
        run(
            "--illegal-native-access=deny",
            "--enable-native-access=dev.weft.reactor,dev.weft.bindings",
            "--module-path",
            LIBRARY + File.pathSeparator + folder.resolve("classes"),
            "--module",
            "app/app.Program"));
  }

  @Test
  void theClassPathNeedsTheLibraryOnly() throws Exception {
    assertEquals("", compile("--class-path", source("app/Program.java", PROGRAM)));
    assertEquals(
        "hello 1",
        run(
            "--illegal-native-access=deny",
            "--enable-native-access=ALL-UNNAMED",
            "--class-path",
            LIBRARY + File.pathSeparator + folder.resolve("classes"),
            "app.Program"));
  }
}
