// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;

/** Forwards bytes between two connections, in both directions. */
final class Pump {
  private Pump() {}

  static void connect(TcpSocket left, TcpSocket right) throws IOException {
    try (Bundle pair = Bundle.open()) {
      pair.go(() -> pump(left, right)); // one direction in a fiber of its own
      pump(right, left);
      pair.await(); // close would cancel the other direction
    } // here both have ended, whichever failed
  }

  private static void pump(TcpSocket from, TcpSocket to) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(16 * 1024);
      for (int n; (n = from.read(buffer)) >= 0; ) {
        to.write(buffer.asSlice(0, n));
      }
      to.shutdownOutput();
    }
  }

  /** Says goodbye even if the fiber is cancelled or past its deadline. */
  static void leave(TcpSocket socket, MemorySegment goodbye) throws Exception {
    Fiber.shielded(Deadline.after(Duration.ofSeconds(1)), () -> socket.write(goodbye));
  }
}
