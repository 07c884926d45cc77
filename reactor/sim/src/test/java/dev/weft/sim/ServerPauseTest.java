// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.net.ConnectionHandler;
import dev.weft.net.ServerFailure;
import dev.weft.net.ServerOptions;
import dev.weft.net.TcpServer;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What a server does while no descriptor is left, on the simulator's clock. */
class ServerPauseTest {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final List<ServerFailure> failures = new ArrayList<>();
  private final Deque<File> files = new ArrayDeque<>();

  private void useAllDescriptors() {
    ErrnoException e =
        assertThrows(
            ErrnoException.class,
            () -> {
              while (true) {
                files.push(File.open(Path.of("/file")));
              }
            });
    assertEquals(Errno.EMFILE, e.errno());
  }

  private static void simulate(FiberTask task) {
    Simulation.seed(1).withFaults(Faults.none()).withFile("/file", "").run(task);
  }

  private static long nanoTime() {
    return Deadline.after(Duration.ZERO).nanoTime();
  }

  private static void assertEnds(TcpSocket client) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      assertEquals(-1, client.read(arena.allocate(1)));
    }
  }

  private TcpServer start(ConnectionHandler<? super TcpSocket> handler) throws IOException {
    ServerOptions options = ServerOptions.defaults().withFailureHandler(failures::add);
    return TcpServer.start(ANY_PORT, options, handler);
  }

  private void closeFiles() throws IOException {
    while (!files.isEmpty()) {
      files.pop().close();
    }
  }

  @Test
  void aServerWithoutDescriptorsPausesEverLongerAndReportsItOnce() {
    simulate(
        () -> {
          try (TcpServer server = start(socket -> {})) {
            useAllDescriptors();
            files.pop().close();
            long begin = nanoTime();
            try (TcpSocket client = TcpSocket.connect(server.localAddress())) {
              Fiber.sleep(Duration.ofSeconds(5));
              assertEquals(0, server.accepted());

              files.pop().close();
              assertEnds(client);
            }
            // 10 ms doubled seven times, and seconds.
            assertEquals(Duration.ofMillis(1270 + 4000), Duration.ofNanos(nanoTime() - begin));
          }
          closeFiles();
        });
    assertEquals(1, failures.size());
    assertEquals(ServerFailure.Kind.ACCEPT, failures.getFirst().kind());
  }

  @Test
  void theEndOfAConnectionEndsThePause() {
    simulate(
        () -> {
          try (TcpServer server = start(ServerPauseTest::assertEnds);
              TcpSocket first = TcpSocket.connect(server.localAddress())) {
            while (server.accepted() == 0) {
              Fiber.yield();
            }
            useAllDescriptors();
            files.pop().close();
            try (TcpSocket second = TcpSocket.connect(server.localAddress())) {
              Fiber.sleep(Duration.ofMillis(5)); // half of the first pause
              long begin = nanoTime();
              first.shutdownOutput();
              second.shutdownOutput();
              assertEnds(second);
              assertEquals(begin, nanoTime());
            }
          }
          closeFiles();
        });
    assertEquals(1, failures.size(), failures::toString);
  }
}
