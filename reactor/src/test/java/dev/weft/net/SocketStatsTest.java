// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

/** What the system knows of a connection. */
class SocketStatsTest {
  private static TcpListener listen() throws Exception {
    return TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static boolean isSupported() {
    return Reactor.current().backend() != BackendKind.SELECTOR;
  }

  @Test
  void unreadAndUnsentBytesAreCounted() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = listen();
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept();
              Arena arena = Arena.ofShared()) {
            if (!isSupported()) {
              UnsupportedOperationException e =
                  assertThrows(UnsupportedOperationException.class, server::unreadBytes);
              assertEquals("unread bytes: the selector backend can't do that", e.getMessage());
              assertThrows(UnsupportedOperationException.class, server::stats);
              return;
            }
            MemorySegment bytes = arena.allocate(1 << 20);
            client.write(bytes.asSlice(0, 5));
            server.read(bytes.asSlice(0, 2));
            assertEquals(3, server.unreadBytes());
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> fill(client, bytes));
              while (client.unsentBytes() == 0) {
                Fiber.yield();
              }
              SocketStats stats = client.stats();
              assertTrue(stats.unsentBytes() > 0, stats::toString);
              int buffer = client.getOption(SocketOption.SEND_BUFFER);
              assertEquals(Math.max(0, buffer - stats.unsentBytes()), stats.sendRoomBytes());
              bundle.cancel();
            }
          }
        });
  }

  /** Writes until it is cancelled, because the peer reads nothing. */
  private static void fill(TcpSocket socket, MemorySegment bytes) throws Exception {
    while (true) {
      socket.write(bytes);
    }
  }

  @Test
  void aConnectionHasARoundTripTimeAndAWindow() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = listen();
              TcpSocket client = TcpSocket.connect(listener.localAddress())) {
            if (isSupported()) {
              SocketStats stats = client.stats();
              assertFalse(stats.roundTripTime().isZero());
              assertTrue(stats.congestionWindow() > 0);
              assertTrue(stats.segmentBytes() > 0);
              assertEquals(0, stats.retransmissions());
              assertEquals(0, stats.unreadBytes());
            }
          }
          TcpSocket closed;
          try (TcpListener listener = listen();
              TcpSocket client = TcpSocket.connect(listener.localAddress())) {
            closed = client;
          }
          assertThrows(ClosedChannelException.class, closed::unreadBytes);
        });
  }
}
