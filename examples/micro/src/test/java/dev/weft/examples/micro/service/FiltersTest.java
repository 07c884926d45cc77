// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.examples.common.ChildProcess;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the services do alike as filters whose input or output fails: they tell. */
class FiltersTest {
  /** Starts a program, or the half of the Redis client that an option names. */
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
  void outputThatIsNotTakenIsAFailure(String words, String input) throws Exception {
    try (ChildProcess filter = start("echo '" + input + "' | \"$@\" >/dev/full", words)) {
      assertEquals(name(words) + ": No space left on device (ENOSPC)", filter.errors());
      assertEquals(1, filter.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis", "--encode", "--decode"})
  void inputThatCanNotBeReadIsAFailure(String words) throws Exception {
    try (ChildProcess filter = start("\"$@\" </", words)) {
      assertEquals(name(words) + ": Is a directory (EISDIR)", filter.errors());
      assertEquals(1, filter.status());
    }
  }

  /** As SIGPIPE would have ended it. The input comes when the reader has left. */
  @ParameterizedTest
  @CsvSource({
    "mt_echo,hello",
    "mt_http11,GET /",
    "mt_redis,PING",
    "--encode,PING",
    "--decode,+PONG"
  })
  void aReaderThatLeavesEndsItSilently(String words, String input) throws Exception {
    try (ChildProcess filter = start("exec \"$@\"", words)) {
      filter.process.getInputStream().close();
      filter.process.getOutputStream().write((input + "\n").getBytes(StandardCharsets.UTF_8));
      filter.process.getOutputStream().close();

      assertEquals("", filter.errors());
      assertEquals(141, filter.status());
    }
  }
}
