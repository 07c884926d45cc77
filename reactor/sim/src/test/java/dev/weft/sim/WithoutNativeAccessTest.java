// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactor;
import dev.weft.bindings.NativeLibrary;
import java.io.File;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jctools.queues.MpscArrayQueue;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A backend other than io_uring needs neither the native library nor a restricted method: a JVM
 * that has neither runs a simulation.
 */
@Tag("mode-independent")
class WithoutNativeAccessTest {
  private static final Path TESTS =
      Path.of(System.getProperty("basedir", "."), "target", "test-classes");

  private static final String CLASS_PATH =
      Stream.concat(
              Stream.of(Reactor.class, Simulation.class, NativeLibrary.class, MpscArrayQueue.class)
                  .map(type -> LibraryFiles.of(type).place()),
              Stream.of(TESTS))
          .map(Path::toString)
          .collect(Collectors.joining(File.pathSeparator));

  private static String run(Class<?> main) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-ea",
            "-XX:TieredStopAtLevel=1",
            "--illegal-native-access=deny",
            "--add-opens=java.base/java.lang=ALL-UNNAMED", // to schedule fibers
            "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED", // for stackful micro-threads
            "-D" + NativeLibrary.PATH_PROPERTY + "=/nonexistent",
            "-cp",
            CLASS_PATH,
            main.getName());
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    Process process = builder.redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return output.strip();
  }

  @Test
  void fibersAndMicroThreadsUseSocketsFilesAndPipes() throws Exception {
    assertEquals(
        "sockets, files, pipes, micro-threads, blocking calls",
        run(WithoutNativeAccessProgram.class));
  }
}
