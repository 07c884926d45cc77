// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import jdk.net.ExtendedSocketOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The options of sockets. */
@Tag("needs-stack")
class SocketOptionsTest {
  private static void change(Socket socket) throws Exception {
    socket.setTcpNoDelay(false);
    socket.setKeepAlive(true);
    socket.setSoLinger(true, 7);
    socket.setTrafficClass(0x10);
    socket.setSendBufferSize(20_000);
    socket.setReceiveBufferSize(30_000);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPIDLE, 11);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPINTERVAL, 12);
    socket.setOption(ExtendedSocketOptions.TCP_KEEPCOUNT, 13);
  }

  private static void assertChanged(Socket socket) throws Exception {
    assertFalse(socket.getTcpNoDelay());
    assertTrue(socket.getKeepAlive());
    assertEquals(7, socket.getSoLinger());
    assertEquals(0x10, socket.getTrafficClass());
    assertEquals(20_000, socket.getSendBufferSize());
    assertEquals(30_000, socket.getReceiveBufferSize());
    assertEquals(11, socket.getOption(ExtendedSocketOptions.TCP_KEEPIDLE));
    assertEquals(12, socket.getOption(ExtendedSocketOptions.TCP_KEEPINTERVAL));
    assertEquals(13, socket.getOption(ExtendedSocketOptions.TCP_KEEPCOUNT));
  }

  @Test
  void optionsOfAConnectionAreSetAndRead() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertTrue(client.getTcpNoDelay());
          assertEquals(-1, client.getSoLinger());
          change(client);
          assertChanged(client);
          client.setSoLinger(false, 0);
          assertEquals(-1, client.getSoLinger());
        });
  }

  @Test
  void optionsThatAreSetBeforeItIsConnectedAreThoseOfTheConnection() throws Exception {
    Sockets.run(
        () -> {
          try (ServerSocket server = Sockets.listen();
              Socket socket = Sockets.FACTORY.createSocket()) {
            assertEquals(-1, socket.getSoLinger());
            assertFalse(socket.getKeepAlive());
            SocketException failure =
                assertThrows(SocketException.class, socket::getSendBufferSize);
            assertEquals(
                "SO_SNDBUF is not known before the socket is connected", failure.getMessage());
            change(socket);
            assertEquals(7, socket.getSoLinger());
            socket.connect(Sockets.address(server));
            assertChanged(socket);
          }
        });
  }

  @Test
  void otherOptionsAreRefusedByName() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertEquals(
              "SO_OOBINLINE is not supported",
              assertThrows(SocketException.class, () -> client.setOOBInline(true)).getMessage());
          assertEquals(
              "'IP_MULTICAST_TTL' not supported",
              assertThrows(
                      UnsupportedOperationException.class,
                      () -> client.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 1))
                  .getMessage());
          assertTrue(client.supportedOptions().contains(ExtendedSocketOptions.TCP_QUICKACK));
          assertThrows(
              IllegalArgumentException.class,
              () -> client.setOption(StandardSocketOptions.IP_TOS, 256));
        });
  }
}
