// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The steps of the tutorial print their golden output, are short, and are complete. */
class TutorialTest {
  private static final int LINES_BELOW = 60;
  private static final Path SOURCES =
      Path.of(System.getProperty("basedir", "."), "src/main/java/dev/weft/examples/tutorial");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Step01Fiber",
        "Step02Bundle",
        "Step03Deadline",
        "Step04Channel",
        "Step05Choose",
        "Step06Files",
        "Step07Signals",
        "Step08Coroutine",
        "Step09Simulation",
        "Step10Woven"
      })
  void aStepPrintsItsGoldenOutput(String step) throws Exception {
    String expected = golden(step);

    assertEquals(expected, outputOf(step));
    System.setProperty("dev.weft.stackful", "true");
    try {
      assertEquals(expected, outputOf(step), "on stacks");
    } finally {
      System.clearProperty("dev.weft.stackful");
    }
  }

  @Test
  void theStepsAreNumberedFromOneToTenAndShort() throws Exception {
    List<String> numbers = new ArrayList<>();
    try (Stream<Path> files = Files.list(SOURCES)) {
      for (Path file : new TreeSet<>(files.filter(Files::isRegularFile).toList())) {
        String name = file.getFileName().toString();
        if (name.startsWith("Step")) {
          numbers.add(name.substring(4, 6));
          int lines = Files.readAllLines(file).size();
          assertTrue(lines < LINES_BELOW, name + " has " + lines + " lines");
        }
      }
    }
    assertEquals(
        List.of("01", "02", "03", "04", "05", "06", "07", "08", "09", "10"), List.copyOf(numbers));
  }

  private static String golden(String step) throws Exception {
    try (InputStream file = TutorialTest.class.getResourceAsStream("/golden/" + step + ".txt")) {
      assertNotNull(file, "no golden output of " + step);
      return new String(file.readAllBytes(), UTF_8);
    }
  }

  private static String outputOf(String step) throws Exception {
    Method main = Class.forName("dev.weft.examples.tutorial." + step).getDeclaredMethod("main");
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    PrintStream before = System.out;
    System.setOut(new PrintStream(output, true, UTF_8));
    try {
      main.setAccessible(true);
      main.invoke(null);
    } finally {
      System.setOut(before);
    }
    return output.toString(UTF_8);
  }
}
