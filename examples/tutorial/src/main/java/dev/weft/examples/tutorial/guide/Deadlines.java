// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/** One deadline for everything that a request takes. */
public final class Deadlines {
  private static final int ANSWER_BYTES_MAX = 1024;
  private static final byte LINE_FEED = '\n';

  private Deadlines() {}

  /**
   * Sends a line and returns the line that is answered, or nothing if it did not come within {@code
   * budget}.
   *
   * @throws EOFException if the connection ends before the line does
   * @throws IOException if the line is longer than {@value #ANSWER_BYTES_MAX} bytes
   */
  static Optional<String> ask(InetSocketAddress server, String question, Duration budget)
      throws IOException {
    Deadline deadline = Deadline.after(budget);
    try (TcpSocket socket = TcpSocket.connect(server, SocketOptions.defaults(), deadline);
        Arena arena = Arena.ofConfined()) {
      byte[] line = (question + '\n').getBytes(UTF_8);
      socket.write(arena.allocateFrom(JAVA_BYTE, line), deadline);
      return Optional.of(readLine(socket, arena.allocate(ANSWER_BYTES_MAX), deadline));
    } catch (DeadlineExceededException e) {
      return Optional.empty();
    }
  }

  /** TCP keeps no boundaries: a read returns a part of the line, or more than the line. */
  private static String readLine(TcpSocket socket, MemorySegment buffer, Deadline deadline)
      throws IOException {
    int length = 0;
    while (length < buffer.byteSize()) {
      int count = socket.read(buffer.asSlice(length), deadline);
      if (count < 0) {
        throw new EOFException("the connection ended in the middle of a line");
      }
      for (int end = length + count; length < end; length++) {
        if (buffer.get(JAVA_BYTE, length) == LINE_FEED) {
          return new String(buffer.asSlice(0, length).toArray(JAVA_BYTE), UTF_8);
        }
      }
    }
    throw new IOException("the line is longer than " + buffer.byteSize() + " bytes");
  }
}
