// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** The end of a connection to a client that does not speak the protocol. */
final class Refusal {
  /** How long a client may take to end after the server has. */
  static final Duration LINGER = Duration.ofSeconds(1);

  private static final String TEXT = "This server speaks HTTP/2 with prior knowledge only.\n";

  private static final byte[] HTTP_1_ANSWER =
      ("HTTP/1.1 505 HTTP Version Not Supported\r\nContent-Type: text/plain\r\nContent-Length: "
              + TEXT.length()
              + "\r\nConnection: close\r\n\r\n"
              + TEXT)
          .getBytes(US_ASCII);

  private Refusal() {}

  /**
   * Answers a client of HTTP/1 in its protocol, and any other not at all. Suspends.
   *
   * @param received the first bytes of the client
   */
  static void send(TcpSocket socket, String received) throws IOException {
    if (received.matches("(?s)[A-Z]+ .*")) {
      try (Arena arena = Arena.ofShared()) {
        socket.write(arena.allocateFrom(JAVA_BYTE, HTTP_1_ANSWER));
      }
    }
    linger(socket);
  }

  /** Reads what still comes, so that the kernel does not reset what was sent. Suspends. */
  static void linger(TcpSocket socket) throws IOException {
    socket.shutdownOutput();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment dropped = arena.allocate(4096);
      Deadline deadline = Deadline.after(LINGER);
      while (socket.read(dropped, deadline) >= 0) {
        // until the client ends too
      }
    } catch (DeadlineExceededException e) {
      // long enough
    }
  }
}
