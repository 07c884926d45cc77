// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
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
}
