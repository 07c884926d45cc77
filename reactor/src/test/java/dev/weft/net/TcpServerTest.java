// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A TCP server on one reactor. */
class TcpServerTest {
  static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** Sends back what it gets. */
  static void echo(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(64);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
    }
  }

  /** Sends a number and gets it back. */
  static void ask(TcpSocket socket, int number) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(4, 4);
      buffer.set(ValueLayout.JAVA_INT, 0, number);
      socket.write(buffer);
      buffer.fill((byte) 0);
      socket.readFully(buffer);
      assertEquals(number, buffer.get(ValueLayout.JAVA_INT, 0));
    }
  }

  static boolean isAtEnd(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      return socket.read(arena.allocate(1)) < 0;
    }
  }

  // ---- serving

  @Test
  void eachConnectionHasAHandlerOfItsOwn() throws Exception {
    Reactors.run(
        () -> {
          try (TcpServer server = TcpServer.start(ANY_PORT, TcpServerTest::echo);
              TcpSocket first = TcpSocket.connect(server.localAddress());
              TcpSocket second = TcpSocket.connect(server.localAddress())) {
            ask(second, 2);
            ask(first, 1);

            assertEquals(2, server.connections());
            assertEquals(2, server.accepted());
            assertNotEquals(0, server.localAddress().getPort());
          }
        });
  }

  @Test
  void theServerClosesAConnectionWhoseHandlerReturns() throws Exception {
    Reactors.run(
        () -> {
          try (TcpServer server = TcpServer.start(ANY_PORT, socket -> {});
              TcpSocket client = TcpSocket.connect(server.localAddress())) {
            assertTrue(isAtEnd(client));
            assertEquals(0, server.failed());
          }
        });
  }

  @Test
  void aHandlerThatFailsIsReportedAndTheServerContinues() throws Exception {
    IllegalStateException failure = new IllegalStateException("on purpose");
    List<ServerFailure> failures = new ArrayList<>();
    ServerOptions options = ServerOptions.defaults().withFailureHandler(failures::add);
    Reactors.run(
        () -> {
          boolean[] failed = new boolean[1];
          try (TcpServer server =
                  TcpServer.start(
                      ANY_PORT,
                      options,
                      socket -> {
                        if (!failed[0]) {
                          failed[0] = true;
                          throw failure;
                        }
                        echo(socket);
                      });
              TcpSocket failing = TcpSocket.connect(server.localAddress())) {
            assertTrue(isAtEnd(failing));
            try (TcpSocket served = TcpSocket.connect(server.localAddress())) {
              ask(served, 7);
            }

            assertEquals(1, server.failed());
            ServerFailure reported = failures.getFirst();
            assertSame(failure, reported.cause());
            assertEquals(ServerFailure.Kind.HANDLER, reported.kind());
            assertEquals(failing.localAddress(), reported.remoteAddress().orElseThrow());
            assertEquals(
                "TCP server on 127.0.0.1:"
                    + server.localAddress().getPort()
                    + ": connection of "
                    + failing.localAddress()
                    + ": "
                    + failure,
                reported.toString());
          }
        });
    assertEquals(1, failures.size());
  }

  @Test
  void aHandlerOfFailuresThatThrowsEndsNothing() throws Exception {
    List<Throwable> uncaught = new ArrayList<>();
    Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
    Thread.setDefaultUncaughtExceptionHandler((where, e) -> uncaught.add(e));
    IllegalStateException failure = new IllegalStateException("on purpose");
    IllegalStateException second = new IllegalStateException("while it is reported");
    ServerOptions options =
        ServerOptions.defaults()
            .withFailureHandler(
                reported -> {
                  throw second;
                });
    try {
      Reactors.run(
          () -> {
            try (TcpServer server =
                    TcpServer.start(
                        ANY_PORT,
                        options,
                        socket -> {
                          throw failure;
                        });
                TcpSocket client = TcpSocket.connect(server.localAddress());
                TcpSocket another = TcpSocket.connect(server.localAddress())) {
              assertTrue(isAtEnd(client));
              assertTrue(isAtEnd(another));
            }
          });
    } finally {
      Thread.setDefaultUncaughtExceptionHandler(before);
    }
    assertEquals(List.of(failure, second, failure, second), uncaught);
  }

  // ---- the limit

  @Test
  void atTheLimitClientsWaitAndAreNotReset() throws Exception {
    ServerOptions options = ServerOptions.defaults().withConnectionsMax(2);
    Reactors.run(
        () -> {
          try (TcpServer server = TcpServer.start(ANY_PORT, options, TcpServerTest::echo);
              TcpSocket first = TcpSocket.connect(server.localAddress());
              TcpSocket second = TcpSocket.connect(server.localAddress());
              TcpSocket third = TcpSocket.connect(server.localAddress())) {
            ask(first, 1);
            ask(second, 2);
            try (Bundle waiting = Bundle.open()) {
              waiting.go(() -> ask(third, 3));
              ask(first, 4); // the server has had its turns meanwhile
              ask(second, 5);
              assertEquals(2, server.connections());
              assertEquals(2, server.accepted());
              assertTrue(server.isAccepting());

              first.shutdownOutput();
              waiting.await();
            }
            assertEquals(3, server.accepted());
          }
        });
  }

  @Test
  void aLimitIsAtLeastOne() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> ServerOptions.defaults().withConnectionsMax(0));

    assertEquals("connectionsMax must be at least 1: 0", e.getMessage());
  }

  // ---- the end

  @Test
  void closeCancelsTheHandlersAndClosesTheListener() throws Exception {
    Reactors.run(
        () -> {
          List<Boolean> cancelled = new ArrayList<>();
          TcpServer server =
              TcpServer.start(
                  ANY_PORT,
                  socket -> {
                    try {
                      echo(socket);
                    } catch (CancelledException e) {
                      cancelled.add(true);
                      throw e;
                    }
                  });
          try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
            ask(client, 1);

            server.close();
            server.close();

            assertEquals(List.of(true), cancelled);
            assertEquals(0, server.connections());
            assertEquals(0, server.failed());
            assertFalse(server.isAccepting());
            ErrnoException e =
                assertThrows(
                    ErrnoException.class, () -> TcpSocket.connect(server.localAddress()).close());
            assertEquals(Errno.ECONNREFUSED, e.errno());
          }
        });
  }

  @Test
  void shutdownLetsHandlersFinish() throws Exception {
    Reactors.run(
        () -> {
          TcpServer server = TcpServer.start(ANY_PORT, TcpServerTest::echo);
          try (TcpSocket client = TcpSocket.connect(server.localAddress());
              Bundle bundle = Bundle.open()) {
            ask(client, 1);
            server.stop();
            bundle.go(() -> server.shutdown(Deadline.NEVER));
            ask(client, 2);
            ask(client, 3);
            client.shutdownOutput();
            assertTrue(isAtEnd(client));
            bundle.await();

            assertEquals(0, server.connections());
          }
        });
  }

  @Test
  void shutdownCancelsHandlersWhenTheGraceHasEnded() throws Exception {
    Reactors.run(
        () -> {
          TcpServer server = TcpServer.start(ANY_PORT, TcpServerTest::echo);
          try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
            ask(client, 1);

            server.shutdown(Deadline.after(Duration.ofMillis(1)));

            assertTrue(isAtEnd(client));
          }
        });
  }

  @Test
  void aCancelledShutdownCancelsTheHandlers() throws Exception {
    Reactors.run(
        () -> {
          TcpServer server = TcpServer.start(ANY_PORT, TcpServerTest::echo);
          try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
            ask(client, 1);
            Fiber ending = Fiber.start(() -> server.shutdown(Deadline.NEVER));
            Fiber.yield();

            ending.close();

            assertTrue(isAtEnd(client));
            assertEquals(0, server.connections());
          }
        });
  }

  @Test
  void aHandlerCanStopItsServerButNotWaitForIt() throws Exception {
    Reactors.run(
        () -> {
          TcpServer[] server = new TcpServer[1];
          Latch done = Latch.of(1);
          server[0] =
              TcpServer.start(
                  ANY_PORT,
                  socket -> {
                    assertThrows(IllegalStateException.class, () -> server[0].close());
                    try (Bundle inside = Bundle.open()) {
                      inside.go(
                          () ->
                              assertThrows(
                                  IllegalStateException.class,
                                  () -> server[0].shutdown(Deadline.NEVER)));
                      inside.await();
                    }
                    server[0].stop();
                    done.countDown();
                  });
          try (TcpSocket client = TcpSocket.connect(server[0].localAddress())) {
            done.await();
            server[0].await(Deadline.NEVER);
            assertTrue(isAtEnd(client));
            assertEquals(0, server[0].failed());
          }
        });
  }

  @Test
  void theBundleAroundItsStartClosesAServer() throws Exception {
    Reactors.run(
        () -> {
          TcpServer server;
          try (Bundle bundle = Bundle.open()) {
            server = TcpServer.start(ANY_PORT, TcpServerTest::echo);
            bundle.go(Fiber::yield); // a child beside the server
            try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
              ask(client, 1);
            }
            assertTrue(server.isAccepting());
          }
          assertFalse(server.isAccepting());
          assertEquals(0, server.connections());
        });
  }

  @Test
  void whoClosesTheListenerStopsTheServer() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(ANY_PORT);
          try (TcpServer server =
                  TcpServer.start(listener, ServerOptions.defaults(), TcpServerTest::echo);
              TcpSocket client = TcpSocket.connect(server.localAddress())) {
            ask(client, 1);
            listener.close();
            Fiber.yield();
            ask(client, 2);
            assertFalse(server.isAccepting());
          }
        });
  }

  @Test
  void aPortThatIsTakenIsReported() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener other = TcpListener.bind(ANY_PORT)) {
            ErrnoException e =
                assertThrows(
                    ErrnoException.class,
                    () -> TcpServer.start(other.localAddress(), TcpServerTest::echo));
            assertEquals(Errno.EADDRINUSE, e.errno());
          }
        });
  }
}
