// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static dev.weft.sockets.Sockets.FACTORY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorThread;
import dev.weft.Task;
import dev.weft.error.ErrnoException;
import dev.weft.net.HostResolver;
import dev.weft.sockets.internal.FiberSocket;
import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.ExecutionException;
import javax.net.SocketFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How sockets are connected, by whom, and what happens if they can't be. */
@Tag("needs-stack")
class ConnectTest {
  private static List<InetAddress> loopback(
      String host, StandardProtocolFamily family, Deadline deadline) throws IOException {
    if (!host.equals("example.org")) {
      throw new UnknownHostException(host);
    }
    return family == StandardProtocolFamily.INET
        ? List.of(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}))
        : List.of();
  }

  /** A lookup that never ends. */
  private static List<InetAddress> silent(
      String host, StandardProtocolFamily family, Deadline deadline) {
    Fiber.sleepUntil(deadline);
    return List.of();
  }

  @Test
  void aNameIsResolvedByTheReactor() throws Exception {
    Sockets.run(
        () -> {
          HostResolver.setCurrent(ConnectTest::loopback);
          try (ServerSocket server =
                  Sockets.SERVERS.createServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
              Socket client = FACTORY.createSocket("example.org", server.getLocalPort())) {
            assertEquals(InetAddress.ofLiteral("127.0.0.1"), client.getInetAddress());
            assertEquals("example.org", client.getInetAddress().getHostName());
            assertEquals(server.getLocalPort(), client.getPort());
          }
        });
  }

  @Test
  void anUnknownHostIsNamed() throws Exception {
    Sockets.run(
        () -> {
          HostResolver.setCurrent(ConnectTest::loopback);
          UnknownHostException failure =
              assertThrows(
                  UnknownHostException.class, () -> FACTORY.createSocket("nowhere.example", 1));
          assertTrue(failure.getMessage().contains("nowhere.example"), failure.getMessage());
        });
  }

  @Test
  void aRefusedConnectionIsAConnectException() throws Exception {
    Sockets.run(
        () -> {
          InetSocketAddress free;
          try (ServerSocket server = Sockets.listen()) {
            free = Sockets.address(server);
          }
          Socket socket = FACTORY.createSocket();
          ConnectException failure =
              assertThrows(ConnectException.class, () -> socket.connect(free));
          assertEquals("Connection refused", failure.getMessage());
          assertInstanceOf(ErrnoException.class, failure.getCause());
          assertTrue(socket.isClosed(), "as a socket of the JDK is");
        });
  }

  @Test
  void aConnectPastItsTimeoutFails() throws Exception {
    Sockets.run(
        () -> {
          HostResolver.setCurrent(ConnectTest::silent);
          Socket socket = FACTORY.createSocket();
          SocketTimeoutException failure =
              assertThrows(
                  SocketTimeoutException.class,
                  () -> socket.connect(InetSocketAddress.createUnresolved("example.org", 1), 1));
          assertEquals("Connect timed out", failure.getMessage());
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aConnectThatIsClosedMeanwhileFails(boolean byThread) throws Exception {
    Sockets.run(
        () -> {
          HostResolver.setCurrent(ConnectTest::silent);
          Socket socket = FACTORY.createSocket();
          try (Bundle bundle = Bundle.open()) {
            Task<SocketException> connecting =
                bundle.go(
                    () ->
                        assertThrows(
                            SocketException.class,
                            () ->
                                socket.connect(
                                    InetSocketAddress.createUnresolved("example.org", 1))));
            Fiber.yield();
            if (byThread) {
              Thread.ofPlatform().start(() -> close(socket)).join();
            } else {
              socket.close();
            }
            assertEquals("Socket closed", connecting.join().getMessage());
          }
        });
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void bothEndsHaveTheAddressesOfTheOther() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertEquals(client.getRemoteSocketAddress(), server.getLocalSocketAddress());
          assertEquals(server.getRemoteSocketAddress(), client.getLocalSocketAddress());
          assertTrue(client.isConnected() && client.isBound());
        });
  }

  @Test
  void aSocketConnectsFromTheAddressThatItIsBoundTo() throws Exception {
    Sockets.run(
        () -> {
          InetAddress other = InetAddress.ofLiteral("127.0.0.2");
          try (ServerSocket server =
                  Sockets.SERVERS.createServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"));
              Socket client =
                  FACTORY.createSocket(server.getInetAddress(), server.getLocalPort(), other, 0);
              Socket accepted = server.accept()) {
            assertEquals(other, accepted.getInetAddress());
            assertEquals(other, client.getLocalAddress());
            assertNotEquals(0, client.getLocalPort());
          }
        });
  }

  @Test
  void anAddressOfAnotherMachineCannotBeBoundTo() throws Exception {
    Sockets.run(
        () -> {
          try (ServerSocket server =
              Sockets.SERVERS.createServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
            InetAddress foreign = InetAddress.ofLiteral("192.0.2.1");
            assertThrows(
                BindException.class,
                () ->
                    FACTORY.createSocket(
                        server.getInetAddress(), server.getLocalPort(), foreign, 0));
          }
        });
  }

  // ---- who calls

  @Test
  void aThreadWithoutFiberIsRefused() {
    SocketException failure =
        assertThrows(SocketException.class, () -> FACTORY.createSocket("127.0.0.1", 1));
    String message = failure.getMessage();
    assertTrue(message.startsWith("connect 127.0.0.1"), message);
    assertTrue(message.contains("must be used in a fiber, but was used on Thread["), message);
    assertInstanceOf(WrongThreadException.class, failure.getCause());
  }

  @Test
  void theReactorsThreadOutsideOfItsFibersIsRefused() throws Exception {
    Sockets.run(
        () -> {
          SocketException[] failure = {null};
          Reactor.current()
              .execute(
                  () ->
                      failure[0] =
                          assertThrows(
                              SocketException.class, () -> FACTORY.createSocket("127.0.0.1", 1)));
          while (failure[0] == null) {
            Fiber.yield();
          }
          assertTrue(failure[0].getMessage().contains("must be used in a fiber"));
        });
  }

  @Test
  void aSocketOfAnotherReactorIsRefused() throws Exception {
    Sockets.connect(
        (client, server) -> {
          try (ReactorThread other = Reactor.start("other", Sockets.options())) {
            ExecutionException failure =
                assertThrows(
                    ExecutionException.class,
                    () -> other.submit(() -> client.getInputStream().read()).get());
            SocketException cause = assertInstanceOf(SocketException.class, failure.getCause());
            assertTrue(cause.getMessage().startsWith("read: the socket belongs to another"));
          }
          client.getOutputStream().write('a');
          assertEquals('a', server.getInputStream().read());
        });
  }

  @Test
  void threadsGetSocketsOfTheJdkIfAFactorySaysSo() throws Exception {
    SocketFactory factory = new FiberSocketFactory("jdk");
    Sockets.run(
        () -> {
          try (ServerSocket server = Sockets.listen();
              Bundle bundle = Bundle.open()) {
            Task<String> serving =
                bundle.go(
                    () -> {
                      try (Socket accepted = server.accept()) {
                        return new String(accepted.getInputStream().readAllBytes(), UTF_8);
                      }
                    });
            Thread thread =
                Thread.ofPlatform()
                    .start(
                        () -> {
                          try (Socket socket =
                              factory.createSocket(
                                  server.getInetAddress(), server.getLocalPort())) {
                            socket.getOutputStream().write("hello".getBytes(UTF_8));
                          } catch (IOException e) {
                            throw new IllegalStateException(e);
                          }
                        });
            thread.join();
            assertEquals("hello", serving.join());
            assertInstanceOf(FiberSocket.class, factory.createSocket());
          }
        });
    assertInstanceOf(
        FiberSocket.class, new FiberSocketFactory((String) null).createSocket(), "the default");
    assertThrows(IllegalArgumentException.class, () -> new FiberSocketFactory("JDK"));
  }
}
