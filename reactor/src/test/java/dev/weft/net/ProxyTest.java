// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.sync.Channel;
import dev.weft.sync.Choose;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Several fibers that use two connections. */
class ProxyTest {
  private static final int MESSAGES = 10_000;
  private static final int BYTES = 3;

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** libdill tcp 8: forwarders in both directions, a choice of which ends first, and a bundle. */
  @Test
  void aProxyForwardsBothWaysUntilBothEnd() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener front = TcpListener.bind(loopback());
              TcpListener back = TcpListener.bind(loopback());
              Bundle bundle = Bundle.open()) {
            bundle.go("proxy", () -> proxy(front, back.localAddress()));
            bundle.go("server", () -> talk(back.accept()));
            bundle.go("client", () -> talk(TcpSocket.connect(front.localAddress())));
            bundle.await();
          }
        });
  }

  private static void proxy(TcpListener front, InetSocketAddress server) throws IOException {
    try (TcpSocket left = front.accept();
        TcpSocket right = TcpSocket.connect(server);
        Bundle forwarders = Bundle.open()) {
      Channel<Long> toRight = Channel.rendezvous();
      Channel<Long> toLeft = Channel.rendezvous();
      forwarders.go(() -> toRight.send(forward(left, right)));
      forwarders.go(() -> toLeft.send(forward(right, left)));
      Choose<Long> either =
          Choose.<Long>create().receive(toRight, sum -> sum).receive(toLeft, sum -> sum);
      assertEquals((long) MESSAGES * BYTES, either.await());
      assertEquals((long) MESSAGES * BYTES, either.await());
      forwarders.await();
    }
  }

  private static long forward(TcpSocket from, TcpSocket to) throws IOException {
    long sum = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(4096);
      for (int count; (count = from.read(buffer)) >= 0; sum += count) {
        to.write(buffer.asSlice(0, count));
      }
    }
    to.shutdownOutput();
    return sum;
  }

  /** Sends many small messages and receives as many at the same time. */
  private static void talk(TcpSocket socket) throws IOException {
    try (socket;
        Bundle both = Bundle.open()) {
      both.go(
          () -> {
            try (Arena arena = Arena.ofConfined()) {
              MemorySegment message = arena.allocate(BYTES);
              for (int i = 0; i < MESSAGES; i++) {
                socket.write(message);
              }
            }
            socket.shutdownOutput(Deadline.after(Duration.ofHours(1)));
          });
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment message = arena.allocate(BYTES);
        for (int i = 0; i < MESSAGES; i++) {
          socket.readFully(message);
        }
        assertEquals(-1, socket.read(message));
      }
      both.await();
    }
  }

  /** libdill tcp 4. */
  @Test
  void aWriteToAPeerThatDoesNotReadEndsAtItsDeadline() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket _ = listener.accept();
              Arena arena = Arena.ofConfined()) {
            MemorySegment more = arena.allocate(64 << 20); // more than the kernel buffers
            Deadline soon = Deadline.after(Duration.ofMillis(5));
            assertThrows(DeadlineExceededException.class, () -> client.write(more, soon));
          }
        });
  }

  @Test
  void aPassedDeadlineShutsDownNeitherDirection() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept();
              Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(1);
            assertThrows(
                DeadlineExceededException.class, () -> client.shutdownOutput(Deadline.NOW));
            assertThrows(DeadlineExceededException.class, () -> client.shutdownInput(Deadline.NOW));
            client.write(message);
            assertEquals(1, server.read(message));
            server.write(message);
            assertEquals(1, client.read(message));
          }
        });
  }
}
