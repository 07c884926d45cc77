// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.BackendKind;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** When a process has no descriptors left, calls that need one fail, and the others do not. */
@Tag("mode-independent")
class TooFewDescriptorsTest {
  @ParameterizedTest
  @EnumSource(names = {"IO_URING", "SELECTOR"})
  void callsFailWithEmfileUntilADescriptorIsClosed(BackendKind backend) throws Exception {
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
                System.getProperty("java.class.path"),
                TooFewDescriptorsProgram.class.getName())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    List<String> lines = process.inputReader().lines().toList();

    assertEquals(
        List.of(
            "connected true",
            "pipe: EMFILE",
            "file: EMFILE",
            "listener: EMFILE",
            "connection: EMFILE",
            "accept: EMFILE",
            "accepted true"),
        lines);
    assertEquals(0, process.waitFor());
  }
}
