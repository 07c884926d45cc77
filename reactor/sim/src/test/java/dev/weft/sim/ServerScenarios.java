// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.server.ServerCore;
import dev.weft.internal.server.ServerPart;
import dev.weft.internal.server.ServerTransport;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.ServerOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpServer;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Servers: limits hold, and a drain ends no exchange that the grace covers. */
final class ServerScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  private static final int EXCHANGES = 5;

  private ServerScenarios() {}

  private static Deadline soon(RandomGenerator random) {
    return Deadline.after(Duration.ofNanos(random.nextLong(2_000_000)));
  }

  /** Sends back what it gets, a byte at a time. */
  private static void echo(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1);
      while (socket.read(buffer) >= 0) {
        socket.write(buffer);
      }
    }
  }

  /** Makes exchanges with an echo server; returns how many. */
  private static int exchange(InetSocketAddress address, RandomGenerator random) {
    int count = 0;
    try (TcpSocket socket = TcpSocket.connect(address);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1);
      while (count < EXCHANGES) {
        buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) count);
        socket.write(buffer);
        if (socket.read(buffer) < 0) {
          return count;
        }
        assertEquals(count, buffer.get(ValueLayout.JAVA_BYTE, 0));
        count++;
        if (random.nextInt(3) == 0) {
          Fiber.sleepUntil(soon(random));
        }
      }
    } catch (IOException e) {
      // refused or reset, since the server has stopped
    }
    return count;
  }

  /** A server with a limit serves all clients, and never more than the limit together. */
  static void limit() throws IOException {
    RandomGenerator random = Simulation.random();
    int max = 1 + random.nextInt(3);
    int count = max + random.nextInt(6);
    List<Throwable> failures = new ArrayList<>();
    ServerOptions options =
        ServerOptions.defaults()
            .withConnectionsMax(max)
            .withFailureHandler(failure -> failures.add(failure.cause()));
    try (TcpServer server = TcpServer.start(ANY_PORT, options, ServerScenarios::echo);
        Bundle clients = Bundle.open()) {
      Simulation.afterEachTurn(
          () -> assertTrue(server.connections() <= max, () -> server.connections() + " > " + max));
      for (int i = 0; i < count; i++) {
        clients.go(() -> assertEquals(EXCHANGES, exchange(server.localAddress(), random)));
      }
      clients.await();
      assertEquals(count, server.accepted());
    }
    assertEquals(List.of(), failures);
  }

  /** Without an end of the grace, a client that was served before the stop is served to its end. */
  static void drain() throws IOException {
    RandomGenerator random = Simulation.random();
    int count = 1 + random.nextInt(5);
    boolean patient = random.nextBoolean();
    List<Integer> exchanged = new ArrayList<>();
    TcpServer server = TcpServer.start(ANY_PORT, ServerScenarios::echo);
    try (Bundle clients = Bundle.open()) {
      for (int i = 0; i < count; i++) {
        clients.go(() -> exchanged.add(exchange(server.localAddress(), random)));
      }
      Fiber.sleepUntil(soon(random));
      server.shutdown(patient ? Deadline.NEVER : soon(random));
      assertEquals(0, server.connections());
      assertFalse(server.isAccepting());
      clients.await();
    }
    if (patient) {
      // Those that were too late have got no answer.
      assertTrue(exchanged.stream().allMatch(n -> n == 0 || n == EXCHANGES), exchanged::toString);
    }
  }

  // ---- handing over

  /** A connection of a server with several parts. */
  private record Connection(Endpoint endpoint) implements AutoCloseable {
    @Override
    public void close() {
      endpoint.close();
    }
  }

  /** A server whose first part accepts for all of them. */
  private static final class Echo extends ServerTransport<Connection> {
    @Nullable TcpListener listener;
    final List<EventLoop> opened = new ArrayList<>();

    @Override
    public Acceptor listen(boolean shared) throws IOException {
      TcpListener bound = TcpListener.bind(ANY_PORT);
      listener = bound;
      Acceptor acceptor = Acceptor.IN.of(bound);
      assert acceptor != null;
      return acceptor;
    }

    @Override
    public Connection create(EventLoop loop) {
      opened.add(loop);
      return new Connection(new Endpoint(loop, Endpoint.Kind.SOCKET, "connection", "connection"));
    }

    @Override
    public void open(Connection connection, int descriptor) {
      connection.endpoint.open(descriptor);
    }

    @Override
    public void handle(Connection connection) throws IOException {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment buffer = arena.allocate(1);
        while (connection.endpoint.read(buffer, TimerQueue.NEVER) >= 0) {
          connection.endpoint.write(buffer, TimerQueue.NEVER);
        }
      }
    }

    @Override
    public boolean isStackful() {
      return true;
    }

    @Override
    public void acceptFailed(Throwable cause) {}

    @Override
    public void handlerFailed(@Nullable Connection connection, Throwable cause) {}
  }

  /** Connections are handed to other parts, and none is lost when the server is shut down. */
  static void handOver() throws IOException {
    RandomGenerator random = Simulation.random();
    Echo echo = new Echo();
    int max = random.nextBoolean() ? Integer.MAX_VALUE : 1 + random.nextInt(3);
    ServerCore<Connection> server = new ServerCore<>("server", echo, max, true);
    List<ServerPart<Connection>> parts = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      parts.add(server.open(false));
    }
    TcpListener listener = echo.listener;
    assert listener != null;
    Simulation.afterEachTurn(() -> assertTrue(server.connections() <= max));
    int count = 1 + random.nextInt(6);
    boolean patient = random.nextBoolean();
    List<Integer> exchanged = new ArrayList<>();
    try (Bundle serving = Bundle.open();
        Bundle clients = Bundle.open()) {
      for (ServerPart<Connection> part : parts) {
        serving.go(part::run);
      }
      for (int i = 0; i < count; i++) {
        clients.go(() -> exchanged.add(exchange(listener.localAddress(), random)));
      }
      Fiber.sleepUntil(soon(random));
      server.shutdown(patient ? TimerQueue.NEVER : soon(random).nanoTime());
      clients.await();
      serving.await();
    }
    assertEquals(0, server.connections());
    assertEquals(server.accepted(), echo.opened.size());
    if (patient) {
      assertTrue(exchanged.stream().allMatch(n -> n == 0 || n == EXCHANGES), exchanged::toString);
    }
  }
}
