// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a JVM of its own has to be told so that there are coroutines. */
class CoroutineAccessTest {
  private static final String EXPORT = "--add-exports=java.base/jdk.internal.vm=ALL-UNNAMED";

  /** A library that can't be loaded, so that it opens nothing. */
  private static final String NO_LIBRARY = "-Ddev.weft.native.path=/nonexistent";

  @Test
  void aPlainClassPathIsEnough() throws Exception {
    assertEquals(List.of("sum: 5050", "held: true"), probe());
  }

  @Test
  void theFlagIsEnoughWithoutTheLibrary() throws Exception {
    assertEquals(List.of("sum: 5050", "held: true"), probe(NO_LIBRARY, EXPORT));
  }

  @Test
  void withoutBothTheFlagIsNamed() throws Exception {
    assertEquals(
        List.of(
            "refused: coroutines need a package that this JVM does not export; start it with "
                + EXPORT),
        probe(NO_LIBRARY));
  }

  private static List<String> probe(String... options) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-ea"));
    command.addAll(List.of(options));
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), CoroutineProbe.class.getName()));
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().keySet().removeAll(List.of("JDK_JAVA_OPTIONS", "JAVA_TOOL_OPTIONS"));
    Process process = builder.start();
    List<String> lines = process.inputReader().lines().toList();
    assertEquals(0, process.waitFor(), () -> String.join("\n", lines));
    return lines;
  }
}
