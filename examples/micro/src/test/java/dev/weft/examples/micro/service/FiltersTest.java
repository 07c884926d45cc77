// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.examples.common.ChildProcess;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The services as filters report a failure of their input or output. */
class FiltersTest {
  /** Starts a program, or one of the filters of the Redis client. */
  private static ChildProcess start(String line, String words) throws Exception {
    return words.startsWith("--")
        ? ChildProcess.shell(Main.class, line, name(words), words)
        : ChildProcess.shell(Main.class, line, words);
  }

  private static String name(String words) {
    return words.startsWith("--") ? "mt_redis" : words;
  }

  @ParameterizedTest
  @CsvSource({
    "mt_echo,hello",
    "mt_http11,GET /",
    "mt_redis,PING",
    "--encode,PING",
    "--decode,+PONG"
  })
  void anUnwritableOutputIsAFailure(String words, String input) throws Exception {
    try (ChildProcess filter = start("echo '" + input + "' | \"$@\" >/dev/full", words)) {
      assertEquals(name(words) + ": No space left on device (ENOSPC)", filter.errors());
      assertEquals(1, filter.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis", "--encode", "--decode"})
  void anUnreadableInputIsAFailure(String words) throws Exception {
    try (ChildProcess filter = start("\"$@\" </", words)) {
      assertEquals(name(words) + ": Is a directory (EISDIR)", filter.errors());
      assertEquals(1, filter.status());
    }
  }

  /**
   * The status is as if SIGPIPE had ended the program. The input comes after the reader has ended.
   */
  @ParameterizedTest
  @CsvSource({
    "mt_echo,hello",
    "mt_http11,GET /",
    "mt_redis,PING",
    "--encode,PING",
    "--decode,+PONG"
  })
  void aClosedOutputPipeEndsTheProgramSilently(String words, String input) throws Exception {
    try (ChildProcess filter = start("exec \"$@\"", words)) {
      filter.process.getInputStream().close();
      filter.process.getOutputStream().write((input + "\n").getBytes(StandardCharsets.UTF_8));
      filter.process.getOutputStream().close();

      assertEquals("", filter.errors());
      assertEquals(141, filter.status());
    }
  }
}
