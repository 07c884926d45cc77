// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.net.TcpListener;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TutorialTest {
  @TempDir Path folder;

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void aQuestionIsAnsweredOrGivenUp() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            TcpListener echo = TcpListener.bind(loopback());
            TcpListener silent = TcpListener.bind(loopback());
            Fiber server = Fiber.start(() -> EchoServer.serve(echo));
            assertEquals(
                Optional.of("hello"),
                Deadlines.ask(echo.localAddress(), "hello", Duration.ofMinutes(1)));
            assertEquals(
                Optional.empty(),
                Deadlines.ask(silent.localAddress(), "hello", Duration.ofMillis(5)));
            server.cancel();
            echo.close();
            silent.close();
          });
    }
  }

  @Test
  void linesOfManyFilesAreCounted() throws Exception {
    Path one = Files.writeString(folder.resolve("one"), "a\nb\n");
    Path two = Files.writeString(folder.resolve("two"), "c\n".repeat(100_000));

    try (Reactor reactor = Reactor.open()) {
      assertEquals(100_002, reactor.call(() -> LineCount.count(List.of(one, two))));
    }
  }

  /** The README shows programs by copying them. */
  @Test
  void theReadmeShowsTheEchoServerAsItIs() throws Exception {
    Path here = Path.of(System.getProperty("basedir", "."));
    String source =
        Files.readString(here.resolve("src/main/java/dev/weft/examples/tutorial/EchoServer.java"));
    String body = source.substring(source.indexOf("  /** Serves for ever. */"));
    String readme = Files.readString(here.resolve("../../README.md"));

    for (String line : body.lines().map(String::strip).filter(s -> !s.isEmpty()).toList()) {
      if (!line.startsWith("/**")) {
        assertTrue(readme.contains(line), () -> "not in the README: " + line);
      }
    }
  }
}
