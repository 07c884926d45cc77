// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Optional;

/** Step 2: one deadline for everything that a request takes. */
public final class Deadlines {
  private static final int ANSWER_BYTES_MAX = 1024;

  private Deadlines() {}

  /** Sends a line and returns the answer, or nothing if it did not come within {@code budget}. */
  static Optional<String> ask(InetSocketAddress server, String question, Duration budget)
      throws IOException {
    Deadline deadline = Deadline.after(budget);
    try (TcpSocket socket = TcpSocket.connect(server, SocketOptions.defaults(), deadline);
        Arena arena = Arena.ofConfined()) {
      socket.write(arena.allocateFrom(question), deadline);
      MemorySegment answer = arena.allocate(ANSWER_BYTES_MAX);
      socket.read(answer, deadline);
      return Optional.of(answer.getString(0));
    } catch (DeadlineExceededException e) {
      return Optional.empty();
    }
  }
}
