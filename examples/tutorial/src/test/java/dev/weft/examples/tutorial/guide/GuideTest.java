// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Task;
import dev.weft.error.ChannelClosedException;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The classes that the documents quote work as described. */
class GuideTest {
  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void aQuestionIsAnsweredOrCancelled() throws Exception {
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
  void aConnectionSendsWhatIsQueuedAndCanBeClosedByAnyFiber() throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            TcpListener echo = TcpListener.bind(loopback());
            try (Bundle block = Bundle.open()) {
              block.go(() -> EchoServer.serve(echo));
              LineConnection connection =
                  new LineConnection(TcpSocket.connect(echo.localAddress()));
              connection.send("one");
              connection.send("two");
              Deadline deadline = Deadline.after(Duration.ofMinutes(1));
              assertEquals("one", connection.receive(deadline));
              assertEquals("two", connection.receive(deadline));
              Task<?> closer = block.go(() -> connection.close());
              closer.join();
              assertThrows(ChannelClosedException.class, () -> connection.send("three"));
            }
            echo.close();
          });
    }
  }

  /** Calls {@code ask} with a server that sends {@code pieces}, one at a time, and then closes. */
  private static Optional<String> answerTo(String... pieces) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      return reactor.call(
          () -> {
            try (TcpListener listener = TcpListener.bind(loopback());
                Bundle bundle = Bundle.open()) {
              bundle.go(() -> send(listener, pieces));
              return Deadlines.ask(listener.localAddress(), "hello", Duration.ofMinutes(1));
            }
          });
    }
  }

  /** Sends each piece separately, so that a quick client reads it alone. */
  private static void send(TcpListener listener, String... pieces) throws Exception {
    try (TcpSocket socket = listener.accept();
        Arena arena = Arena.ofConfined()) {
      MemorySegment question = arena.allocate(1);
      while (socket.read(question) == 1 && question.get(JAVA_BYTE, 0) != '\n') {}
      for (String piece : pieces) {
        socket.write(arena.allocateFrom(JAVA_BYTE, piece.getBytes(UTF_8)));
        for (int i = 0; i < 10; i++) {
          Fiber.yield();
        }
      }
    }
  }

  @Test
  void anAnswerIsALineInAnyNumberOfPieces() throws Exception {
    assertEquals(Optional.of("hello"), answerTo("h", "el", "lo", "\n"));
    assertEquals(Optional.of("hello"), answerTo("hello\nnext"));
    assertEquals(Optional.of(""), answerTo("\n"));
    assertEquals(Optional.of("hello"), answerTo("hel", "lo"));
    assertEquals(Optional.of("x".repeat(1024)), answerTo("x".repeat(1024) + "\n"));
  }

  @Test
  void anAnswerThatIsNoLineFails() {
    assertThrows(EOFException.class, () -> answerTo());
    assertThrows(IOException.class, () -> answerTo("x".repeat(1025)));
  }
}
