// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.NotYetConnectedException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import org.junit.jupiter.api.Test;

/** Connections that were channels of the JDK. */
class AdoptedChannelTest {
  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void aConnectionGoesOnAsASocket() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              SocketChannel channel = SocketChannel.open(listener.localAddress());
              TcpSocket server = listener.accept();
              Arena arena = Arena.ofConfined()) {
            try (TcpSocket adopted = TcpSocket.adopt(channel)) {
              assertEquals(listener.localAddress(), adopted.remoteAddress());
              assertEquals(server.remoteAddress(), adopted.localAddress());
              adopted.write(arena.allocateFrom("abc"));
              MemorySegment bytes = arena.allocate(4);
              server.readFully(bytes);
              assertEquals("abc", bytes.getString(0));
              server.write(bytes);
              adopted.readFully(bytes);
            }
            assertEquals(-1, server.read(arena.allocate(1)));
          }
        });
  }

  @Test
  void whatIsNoConnectionOfItsOwnIsRefused() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              SocketChannel fresh = SocketChannel.open();
              SocketChannel watched = SocketChannel.open(listener.localAddress());
              Selector selector = Selector.open()) {
            assertThrows(NotYetConnectedException.class, () -> TcpSocket.adopt(fresh));
            watched.configureBlocking(false);
            watched.register(selector, 0);
            assertThrows(IllegalArgumentException.class, () -> TcpSocket.adopt(watched));
          }
          SocketChannel closed = SocketChannel.open();
          close(closed);
          assertThrows(ClosedChannelException.class, () -> TcpSocket.adopt(closed));
        });
  }

  private static void close(SocketChannel channel) throws Exception {
    channel.close();
  }
}
