// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import dev.weft.examples.common.JavaVersion;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Help, errors and completion of the jar with several programs. */
class MainTest {
  @Test
  void helpListsEachProgramOnALine() throws Exception {
    try (ChildProcess help = ChildProcess.start(Main.class, "--help")) {
      String text = help.output();
      assertTrue(text.contains("\n  iou_cat       Copies each FILE to standard output"), text);
      assertTrue(text.contains("\n  iou_port7     Sends back what it gets.\n"), text);
      assertEquals(0, help.status());
    }
  }

  @Test
  void anUnknownProgramIsRefused() throws Exception {
    try (ChildProcess program = ChildProcess.start(Main.class, "iou_dog")) {
      assertEquals(
          """
          weft-cli.jar: no such program: iou_dog
          usage: java -jar weft-cli.jar PROGRAM [ARGUMENT]...
          Try 'java -jar weft-cli.jar --help' for its programs.""",
          program.errors());
      assertEquals(2, program.status());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "iou_port7, --gr, --grace",
    "iou_port7, --rea, --reactors",
    "iou_port7, --ba, --backend",
    "iou_tls, --c, --ca",
    "iou_h2c, --roo, --root",
    "iou_tlsd, --hand, --handshake",
    "iou_cat, --ba, --backend",
    "iou_cat, --vers, --version"
  })
  void bashCompletesOptions(String program, String typed, String option) throws Exception {
    String line =
        "source <(\"$@\") && COMP_WORDS=(%s %s) COMP_CWORD=1 && _complete_%s && echo \"${COMPREPLY[*]}\""
            .formatted(program, typed, program);

    try (ChildProcess shell = ChildProcess.shell(Main.class, line, "--completion")) {
      assertEquals(option, shell.output().strip());
    }
  }

  @Test
  void bashCompletesTheBackend() throws Exception {
    String line =
        "source <(\"$@\") && COMP_WORDS=(iou_port7 --backend s) COMP_CWORD=2 && _complete_iou_port7"
            + " && echo \"${COMPREPLY[*]}\"";

    try (ChildProcess shell = ChildProcess.shell(Main.class, line, "--completion")) {
      assertEquals("selector", shell.output().strip());
    }
  }

  /** An old JVM must be able to load what it starts, to say that it is too old. */
  @Test
  void theClassesThatTheJarStartsCanBeLoadedByJava8() throws Exception {
    assertTrue(
        Files.readString(Path.of("pom.xml"))
            .contains("<mainClass>" + Launcher.class.getName() + "</mainClass>"));
    for (Class<?> type : List.of(Launcher.class, JavaVersion.class)) {
      try (InputStream in = type.getResourceAsStream(type.getSimpleName() + ".class")) {
        assertEquals(
            ClassFile.JAVA_8_VERSION, ClassFile.of().parse(in.readAllBytes()).majorVersion());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"1.8", "17"})
  void anOldJvmSaysWhichOneIsNeeded(String specification) throws Exception {
    try (ChildProcess program = ChildProcess.start(OldJvm.class, specification)) {
      assertEquals(
          "weft needs Java 25 or later; this is "
              + specification
              + ".0_1 in "
              + System.getProperty("java.home"),
          program.errors().strip());
      assertEquals(1, program.status());
    }
  }

  /** Starts the launcher as a JVM would whose version is the first argument. */
  static final class OldJvm {
    private OldJvm() {}

    public static void main(String[] args) throws Throwable {
      System.setProperty("java.specification.version", args[0]);
      System.setProperty("java.version", args[0] + ".0_1");
      Launcher.main(args);
    }
  }
}
