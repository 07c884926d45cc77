// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.echo;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.micro.ExecutionMode;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NumberedEchoTest {
  @ParameterizedTest
  @EnumSource
  void eachLineIsNumbered(ExecutionMode mode) throws Exception {
    String output = mode.run(new NumberedEcho(), "first\nsecond\nthird\n").output();

    assertEquals("Line 0: first\nLine 1: second\nLine 2: third\n", output);
  }

  @Test
  void theLastLineNeedsNoLineEnd() throws Exception {
    assertEquals("Line 0: x", ExecutionMode.LOCAL_WOVEN.run(new NumberedEcho(), "x").output());
  }

  @Test
  void lineNumbersIncrease() throws Exception {
    String expected =
        IntStream.range(0, 1002).mapToObj(i -> "Line " + i + ": \n").collect(Collectors.joining());

    assertEquals(
        expected, ExecutionMode.LOCAL_WOVEN.run(new NumberedEcho(), "\n".repeat(1002)).output());
  }

  @ParameterizedTest
  @EnumSource
  void theLongestLineIsEchoed(ExecutionMode mode) throws Exception {
    NumberedEcho echo = new NumberedEcho();
    String line = "x".repeat(NumberedEcho.LINE_BYTES_MAX - 1) + "\n";

    assertEquals("Line 0: " + line, mode.run(echo, line).output());
    assertFalse(echo.endsBadly());
  }

  @ParameterizedTest
  @EnumSource
  void aLongerLineEndsTheConnection(ExecutionMode mode) throws Exception {
    NumberedEcho echo = new NumberedEcho();
    String line = "x".repeat(NumberedEcho.LINE_BYTES_MAX) + "\n";

    assertEquals(
        "Line 0: a\nError: a line is longer than 8192 bytes\n",
        mode.run(echo, "a\n" + line + "b\n").output());
    assertTrue(echo.endsBadly());
  }
}
