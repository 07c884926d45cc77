// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.net.TcpServerTest.ANY_PORT;
import static dev.weft.net.TcpServerTest.ask;
import static dev.weft.net.TcpServerTest.isAtEnd;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorGroup;
import dev.weft.ReactorThread;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** A TCP server on the reactors of a group. */
class GroupServerTest {
  private static final ServerOptions BY_LOAD =
      ServerOptions.defaults().withDistribution(Distribution.BY_LOAD);

  /** How many connections each reactor has served. */
  private final Map<Reactor, AtomicInteger> served = new ConcurrentHashMap<>();

  private static ReactorGroup start(int count) throws Exception {
    return ReactorGroup.start("group", count, Reactors.options());
  }

  private void echo(TcpSocket socket) throws IOException {
    served.computeIfAbsent(Reactor.current(), reactor -> new AtomicInteger()).incrementAndGet();
    TcpServerTest.echo(socket);
  }

  private static void connect(TcpServer server, int count) throws IOException {
    List<TcpSocket> clients = new ArrayList<>();
    try {
      for (int i = 0; i < count; i++) {
        TcpSocket client = TcpSocket.connect(server.localAddress());
        clients.add(client);
        ask(client, i);
      }
      for (int i = count - 1; i >= 0; i--) {
        ask(clients.get(i), i);
      }
      assertEquals(count, server.connections());
    } finally {
      for (TcpSocket client : clients) {
        client.close();
      }
    }
  }

  @Test
  void theKernelDistributesConnectionsOverTheReactors() throws Exception {
    Reactors.run(
        () -> {
          try (ReactorGroup group = start(2);
              TcpServer server =
                  TcpServer.start(group, ANY_PORT, ServerOptions.defaults(), this::echo)) {
            for (int i = 0; i < 1000 && served.size() < 2; i++) {
              connect(server, 1);
              while (server.connections() > 0) { // it sees the end of the client in its own time
                Fiber.yield();
              }
            }
          }
        });
    assertEquals(2, served.size());
  }

  @Test
  void byLoadEachReactorHasAsManyConnections() throws Exception {
    Reactors.run(
        () -> {
          try (ReactorGroup group = start(3);
              TcpServer server = TcpServer.start(group, ANY_PORT, BY_LOAD, this::echo)) {
            connect(server, 9);
          }
        });
    assertEquals(List.of(3, 3, 3), served.values().stream().map(AtomicInteger::get).toList());
  }

  @Test
  void byLoadTheLimitIsOneForAllReactors() throws Exception {
    Reactors.run(
        () -> {
          ServerOptions options = BY_LOAD.withConnectionsMax(2);
          try (ReactorGroup group = start(2);
              TcpServer server = TcpServer.start(group, ANY_PORT, options, this::echo);
              TcpSocket first = TcpSocket.connect(server.localAddress());
              TcpSocket second = TcpSocket.connect(server.localAddress());
              TcpSocket third = TcpSocket.connect(server.localAddress())) {
            ask(first, 1);
            ask(second, 2);
            assertEquals(2, server.connections());
            try (Bundle waiting = Bundle.open()) {
              waiting.go(() -> ask(third, 3));
              second.shutdownOutput(); // it was on the other reactor than the listener
              waiting.await();
            }
            assertEquals(3, server.accepted());
          }
        });
  }

  @Test
  void shutdownDrainsAllReactors() throws Exception {
    for (Distribution distribution : Distribution.values()) {
      ServerOptions options = ServerOptions.defaults().withDistribution(distribution);
      Reactors.run(
          () -> {
            try (ReactorGroup group = start(2)) {
              TcpServer server = TcpServer.start(group, ANY_PORT, options, this::echo);
              List<TcpSocket> clients = new ArrayList<>();
              for (int i = 0; i < 8; i++) {
                TcpSocket client = TcpSocket.connect(server.localAddress());
                clients.add(client);
                ask(client, i);
              }
              try (Bundle bundle = Bundle.open()) {
                bundle.go(() -> server.shutdown(Deadline.NEVER));
                for (TcpSocket client : clients) {
                  ask(client, 7);
                  client.close();
                }
                bundle.await();
              }
              assertEquals(0, server.connections());
              assertEquals(8, server.accepted());
              assertFalse(server.isAccepting());
            }
          });
    }
  }

  @Test
  void aConnectionThatIsUnderWayToAnotherReactorIsServedAfterAStop() throws Exception {
    AtomicReference<TcpServer> started = new AtomicReference<>();
    AtomicBoolean held = new AtomicBoolean();
    AtomicBoolean free = new AtomicBoolean();
    ConnectionHandler<TcpSocket> handler =
        socket -> {
          TcpServer server = started.get();
          if (server.accepted() == 2) { // the first one of the second reactor
            Fiber.start(() -> holdUp(server, held, free));
          } else {
            echo(socket);
          }
        };
    Reactors.run(
        () -> {
          try (ReactorGroup group = start(2);
              TcpServer server = TcpServer.start(group, ANY_PORT, BY_LOAD, handler)) {
            started.set(server);
            TcpSocket first = TcpSocket.connect(server.localAddress());
            ask(first, 1);
            try (TcpSocket second = TcpSocket.connect(server.localAddress())) {
              assertTrue(isAtEnd(second));
              while (!held.get()) {
                Fiber.yield();
              }
              try (TcpSocket third = TcpSocket.connect(server.localAddress())) {
                while (server.accepted() < 3) {
                  Fiber.yield();
                }
                server.stop();
                awaitRefusal(server);
                var _ = group.reactors().getFirst().submit(Fiber::yield).get();
                free.set(true);

                ask(third, 3);
              }
            }
            first.close();
          }
        });
  }

  /** Holds up its reactor just before the server's fiber there sees that a connection has ended. */
  private static void holdUp(TcpServer server, AtomicBoolean held, AtomicBoolean free) {
    while (server.connections() > 1) {
      Fiber.yield();
    }
    held.set(true);
    while (!free.get()) {
      Thread.onSpinWait();
    }
  }

  private static void awaitRefusal(TcpServer server) {
    assertThrows(
        IOException.class,
        () -> {
          while (true) {
            TcpSocket.connect(server.localAddress()).close();
          }
        });
  }

  @Test
  void aThreadStartsAndClosesAServer() throws Exception {
    Reactors.open(Reactors.options()).close();
    try (ReactorGroup group = start(2)) {
      TcpServer server = TcpServer.start(group, ANY_PORT, BY_LOAD, this::echo);
      group.submit(() -> connect(server, 4)).get();

      server.close();

      assertEquals(0, server.connections());
    }
  }

  @Test
  void aPortThatIsTakenIsReportedAlthoughPortsAreShared() throws Exception {
    Reactors.run(
        () -> {
          SocketOptions shared = SocketOptions.defaults().withReusePort(true);
          try (TcpListener other = TcpListener.bind(ANY_PORT, shared);
              ReactorGroup group = start(2)) {
            ErrnoException e =
                assertThrows(
                    ErrnoException.class,
                    () ->
                        TcpServer.start(
                            group, other.localAddress(), ServerOptions.defaults(), this::echo));
            assertEquals(Errno.EADDRINUSE, e.errno());
          }
        });
  }

  @Test
  void closingTheGroupEndsTheServer() throws Exception {
    Reactors.run(
        () -> {
          ReactorGroup group = start(2);
          TcpServer server = TcpServer.start(group, ANY_PORT, BY_LOAD, this::echo);
          try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
            ask(client, 1);

            group.close();

            server.await(Deadline.NEVER);
            assertEquals(0, server.connections());
          }
        });
  }

  @Test
  void aShutdownOfTheGroupStopsAcceptingAndLetsHandlersFinish() throws Exception {
    for (Distribution distribution : Distribution.values()) {
      ServerOptions options = ServerOptions.defaults().withDistribution(distribution);
      Reactors.run(
          () -> {
            ReactorGroup group = start(2);
            TcpServer server = TcpServer.start(group, ANY_PORT, options, this::echo);
            try (TcpSocket client = TcpSocket.connect(server.localAddress());
                Bundle bundle = Bundle.open()) {
              ask(client, 1);
              bundle.go(() -> group.shutdown(Deadline.NEVER));

              awaitRefusal(server);
              ask(client, 2);
              client.shutdownOutput();
              bundle.await();
              assertEquals(0, server.connections());
            }
          });
    }
  }

  @Test
  void aShutdownOfItsReactorDrainsAServerOfOneReactor() throws Exception {
    Reactors.run(
        () -> {
          ReactorThread reactor = Reactor.start("server", Reactors.options());
          TcpServer server = reactor.submit(() -> TcpServer.start(ANY_PORT, this::echo)).get();
          try (TcpSocket client = TcpSocket.connect(server.localAddress());
              Bundle bundle = Bundle.open()) {
            ask(client, 1);
            bundle.go(() -> reactor.shutdown(Deadline.NEVER));

            awaitRefusal(server);
            ask(client, 2);
            client.shutdownOutput();
            bundle.await();
          }
        });
  }

  @Test
  void aServerThatIsStartedDuringAShutdownAcceptsNothing() throws Exception {
    Reactors.run(
        () -> {
          ReactorThread reactor = Reactor.start("server", Reactors.options());
          Future<Boolean> late =
              reactor.submit(
                  () -> {
                    while (reactor.isOpen()) {
                      Fiber.yield();
                    }
                    Fiber.yield();
                    try (TcpServer server = TcpServer.start(ANY_PORT, this::echo)) {
                      server.await(Deadline.NEVER);
                      return server.isAccepting();
                    }
                  });

          reactor.shutdown(Deadline.NEVER);

          assertFalse(late.get());
        });
  }

  @Test
  void handlersAreCancelledWhenTheGraceOfAShutdownOfTheGroupEnds() throws Exception {
    Reactors.run(
        () -> {
          ReactorGroup group = start(2);
          TcpServer server = TcpServer.start(group, ANY_PORT, BY_LOAD, this::echo);
          try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
            ask(client, 1);

            group.shutdown(Deadline.after(Duration.ofMillis(1)));

            assertTrue(isAtEnd(client));
            assertEquals(0, server.connections());
          }
        });
  }

  @Test
  void aClosedGroupGetsNoServer() throws Exception {
    Reactors.run(
        () -> {
          ReactorGroup group = start(2);
          group.close();
          assertThrows(
              RejectedExecutionException.class,
              () -> TcpServer.start(group, ANY_PORT, BY_LOAD, this::echo).close());
          assertTrue(served.isEmpty());
        });
  }
}
