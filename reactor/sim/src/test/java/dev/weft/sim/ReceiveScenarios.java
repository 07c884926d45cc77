// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.random.RandomGenerator;

/** Receives that are not operations alone: bytes arrive once and in order. */
final class ReceiveScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private ReceiveScenarios() {}

  /** Large and small pieces, sent and echoed; some sends are calls, and some receives. */
  static void large() throws IOException {
    SocketOptions options = SocketOptions.defaults().withBufferBytes(1 << 17, 1 << 17);
    int total = 1 + Simulation.random().nextInt(200_000);
    try (TcpListener listener = TcpListener.bind(ANY_PORT, options);
        Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            try (TcpSocket socket = listener.accept()) {
              echoLarge(socket);
            }
          });
      try (TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
        bundle.go(() -> sendLarge(socket, total));
        assertEquals(total, receiveLarge(socket));
      }
      bundle.await();
    }
  }

  private static void echoLarge(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
    }
    socket.shutdownOutput();
  }

  private static void sendLarge(TcpSocket socket, int total) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      for (int sent = 0; sent < total; ) {
        int bytes = 1 + random.nextInt(random.nextInt(4) == 0 ? 1 << 16 : 1 << 12);
        MemorySegment part = buffer.asSlice(0, Math.min(bytes, total - sent));
        SocketScenarios.fill(part, sent);
        socket.write(part);
        sent += (int) part.byteSize();
      }
    }
    socket.shutdownOutput();
  }

  private static int receiveLarge(TcpSocket socket) throws IOException {
    int received = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      for (int count; (count = socket.read(buffer)) >= 0; received += count) {
        SocketScenarios.verify(buffer.asSlice(0, count), received);
      }
    }
    return received;
  }
}
