// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import dev.weft.text.ByteReader;
import dev.weft.text.ByteWriter;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/** One deadline for everything that a request takes. */
public final class Deadlines {
  private static final int ANSWER_BYTES_MAX = 1024;

  private Deadlines() {}

  /**
   * Sends a line and returns the line that is answered, or nothing if it did not come within {@code
   * budget}.
   *
   * @throws EOFException if the connection ends without an answer
   * @throws IOException if the line is longer than {@value #ANSWER_BYTES_MAX} bytes
   */
  static Optional<String> ask(InetSocketAddress server, String question, Duration budget)
      throws IOException {
    Deadline deadline = Deadline.after(budget);
    try (TcpSocket socket = TcpSocket.connect(server, SocketOptions.defaults(), deadline)) {
      ByteWriter out = new ByteWriter(socket);
      out.println(question, deadline);
      out.flush(deadline);
      String line = new ByteReader(socket).readLine(ANSWER_BYTES_MAX, deadline);
      if (line == null) {
        throw new EOFException("the connection ended without an answer");
      }
      return Optional.of(line);
    } catch (DeadlineExceededException e) {
      return Optional.empty();
    }
  }
}
