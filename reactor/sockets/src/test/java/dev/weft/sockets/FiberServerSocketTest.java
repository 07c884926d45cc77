// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static dev.weft.sockets.Sockets.FACTORY;
import static dev.weft.sockets.Sockets.SERVERS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.net.SocketOptions;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Server sockets. */
@Tag("needs-stack")
class FiberServerSocketTest {
  @Test
  void anAcceptPastItsTimeoutFailsAndTheNextOneWorks() throws Exception {
    Sockets.run(
        () -> {
          try (ServerSocket server = Sockets.listen()) {
            server.setSoTimeout(1);
            SocketTimeoutException failure =
                assertThrows(SocketTimeoutException.class, server::accept);
            assertEquals("Accept timed out", failure.getMessage());
            server.setSoTimeout(0);
            try (Socket client =
                    FACTORY.createSocket(server.getInetAddress(), server.getLocalPort());
                Socket accepted = server.accept()) {
              assertEquals(client.getLocalPort(), accepted.getPort());
              assertEquals(0, accepted.getSoTimeout());
              assertNull(server.getChannel());
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anAcceptEndsWhenTheSocketIsClosed(boolean byThread) throws Exception {
    Sockets.run(
        () -> {
          ServerSocket server = Sockets.listen();
          try (Bundle bundle = Bundle.open()) {
            Task<SocketException> accepting =
                bundle.go(() -> assertThrows(SocketException.class, server::accept));
            Fiber.yield();
            if (byThread) {
              Thread.ofPlatform().start(() -> close(server)).join();
            } else {
              server.close();
            }
            assertEquals("Socket closed", accepting.join().getMessage());
          }
        });
  }

  private static void close(ServerSocket server) {
    try {
      server.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aPortInUseIsABindException() throws Exception {
    Sockets.run(
        () -> {
          try (ServerSocket server = Sockets.listen()) {
            BindException failure =
                assertThrows(
                    BindException.class,
                    () ->
                        SERVERS.createServerSocket(
                            server.getLocalPort(), 1, server.getInetAddress()));
            assertEquals("Address already in use", failure.getMessage());
          }
        });
  }

  @Test
  void aWildcardTakesIpv4AndIpv6() throws Exception {
    Sockets.run(
        () -> {
          try (ServerSocket server = SERVERS.createServerSocket(0)) {
            assertTrue(server.getInetAddress().isAnyLocalAddress());
            for (String host : new String[] {"127.0.0.1", "::1"}) {
              try (Socket client =
                      FACTORY.createSocket(InetAddress.ofLiteral(host), server.getLocalPort());
                  Socket accepted = server.accept()) {
                assertEquals(client.getLocalPort(), accepted.getPort());
              }
            }
          }
        });
  }

  @Test
  void itsOptionsAreSetAndRead() throws Exception {
    Sockets.run(
        () -> {
          ServerSocket unbound =
              new FiberServerSocketFactory(SocketOptions.defaults().withReusePort(true))
                  .createServerSocket();
          try (unbound;
              ServerSocket server = Sockets.listen()) {
            assertTrue(unbound.getReuseAddress());
            assertEquals(true, unbound.getOption(StandardSocketOptions.SO_REUSEPORT));
            server.setReceiveBufferSize(30_000);
            assertEquals(30_000, server.getReceiveBufferSize());
            assertThrows(
                UnsupportedOperationException.class,
                () -> server.setOption(StandardSocketOptions.TCP_NODELAY, true));
          }
        });
  }

  @Test
  void aThreadWithoutFiberIsRefused() {
    SocketException failure =
        assertThrows(SocketException.class, () -> SERVERS.createServerSocket(0));
    assertTrue(failure.getMessage().contains("must be used in a fiber"), failure.getMessage());
  }
}
