// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import dev.weft.Deadline;
import dev.weft.io.ByteStream;
import dev.weft.net.ReceiveBuffer;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** Sends back what a stream brings. */
final class Echo {
  private static final int BUFFER_BYTES_MIN = 4 << 10;
  private static final int BUFFER_BYTES_MAX = 64 << 10;

  private Echo() {}

  /**
   * Echoes until the end of the connection. Buffers are those of the reactor: an idle connection
   * has none.
   *
   * @param idle how long the connection may bring nothing; zero for no limit
   */
  static void serve(TcpSocket socket, Duration idle) throws IOException {
    while (true) {
      try (ReceiveBuffer bytes = socket.receive(within(idle))) {
        if (bytes == null) {
          return;
        }
        socket.write(bytes.segment());
      }
    }
  }

  /**
   * Echoes until the end of the stream. An idle connection holds a small buffer, one that fills it
   * gets a larger one.
   *
   * @param idle how long the stream may bring nothing; zero for no limit
   */
  static void serve(ByteStream stream, Duration idle) throws IOException {
    int bytes = BUFFER_BYTES_MIN;
    boolean open = true;
    while (open) {
      try (Arena arena = Arena.ofConfined()) {
        open = serve(stream, idle, arena.allocate(bytes));
      }
      bytes = Math.min(bytes * 4, BUFFER_BYTES_MAX);
    }
  }

  /** Returns false at the end of the stream, true when a larger buffer would help. */
  private static boolean serve(ByteStream stream, Duration idle, MemorySegment buffer)
      throws IOException {
    while (true) {
      int count = stream.read(buffer, within(idle));
      if (count < 0) {
        return false;
      }
      stream.write(buffer.asSlice(0, count));
      if (count == buffer.byteSize() && count < BUFFER_BYTES_MAX) {
        return true;
      }
    }
  }

  /** The end of a time that begins now; zero stands for no limit. */
  static Deadline within(Duration limit) {
    return limit.isZero() ? Deadline.NEVER : Deadline.after(limit);
  }
}
