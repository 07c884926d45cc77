// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.BufferedReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IouTimersTest {
  /** The time since the machine was started, see proc_uptime(5). */
  private static double uptime() throws Exception {
    return Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ", 2)[0]);
  }

  @Test
  void eachTimerPrintsTheTimeSinceTheMachineWasStartedInItsColumn() throws Exception {
    double before = uptime();
    List<List<Double>> columns = List.of(new ArrayList<>(), new ArrayList<>());

    try (ChildProcess timers = ChildProcess.start(Main.class, "iou_timers", "0.01", "0.02")) {
      BufferedReader lines = timers.process.inputReader();
      while (columns.get(0).size() < 3 || columns.get(1).size() < 3) {
        String line = lines.readLine();
        assertTrue(line.matches("( {16})? *[0-9]+\\.[0-9]{6}"), line);
        assertTrue(line.length() == 16 || line.length() == 32, line);
        columns.get(line.length() / 16 - 1).add(Double.valueOf(line.strip()));
      }
      timers.signal("TERM");
      assertEquals(0, timers.status());
    }

    double after = uptime() + 0.01; // uptime is cut off after its second digit
    for (List<Double> column : columns) {
      assertEquals(column.stream().sorted().toList(), column);
      assertTrue(before < column.getFirst() && column.getLast() < after, column.toString());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void aSignalEndsIt(String signal) throws Exception {
    try (ChildProcess timers = ChildProcess.start(Main.class, "iou_timers", "0.001")) {
      timers.process.inputReader().readLine();
      timers.signal(signal);
      assertEquals("", timers.errors());
      assertEquals(0, timers.status());
    }
  }

  @Test
  void withoutTimersItEnds() throws Exception {
    try (ChildProcess timers = ChildProcess.start(Main.class, "iou_timers")) {
      assertEquals("", timers.output());
      assertEquals(0, timers.status());
    }
  }

  /** The original skips the first ones, and the last one hangs it. */
  @ParameterizedTest
  @CsvSource({
    "soon, '''soon'' is not a decimal number of seconds, without a unit'",
    "0, SECONDS must be at least a nanosecond: 0",
    "0.0000000001, SECONDS must be at least a nanosecond: 0.0000000001",
  })
  void aPeriodThatIsNoneIsNamed(String seconds, String complaint) throws Exception {
    try (ChildProcess timers = ChildProcess.start(Main.class, "iou_timers", "1", seconds)) {
      assertEquals(ChildProcess.refusal("iou_timers", complaint), timers.errors());
      assertEquals(2, timers.status());
    }
  }

  @Test
  void aFullOutputIsReported() throws Exception {
    try (ChildProcess timers =
        ChildProcess.shell(Main.class, "\"$@\" > /dev/full", "iou_timers", "0.001", "0.001")) {
      assertEquals("iou_timers: standard output: No space left on device", timers.errors());
      assertEquals(1, timers.status());
    }
  }

  @Test
  void aClosedOutputPipeEndsTheProgramSilently() throws Exception {
    String line = "set -o pipefail; \"$@\" | head -n 3 | wc -l";
    try (ChildProcess timers = ChildProcess.shell(Main.class, line, "iou_timers", "0.000000001")) {
      assertEquals("3", timers.output().strip());
      assertEquals("", timers.errors());
      assertEquals(141, timers.status(), "as if SIGPIPE had ended it");
    }
  }
}
