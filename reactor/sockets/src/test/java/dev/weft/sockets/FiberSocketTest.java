// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static dev.weft.sockets.Sockets.FACTORY;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.ScopeExpiredException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Connected sockets: their streams, timeouts and ends. */
@Tag("needs-stack")
class FiberSocketTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 8192, 16_384, 16_385, 1_000_003})
  void everyByteArrivesWhateverTheSizeOfTheWrite(int length) throws Exception {
    byte[] sent = new byte[length];
    new Random(length).nextBytes(sent);

    Sockets.connect(
        (client, server) -> {
          Fiber.start(
              () -> {
                client.getOutputStream().write(sent);
                client.shutdownOutput();
              });
          assertArrayEquals(sent, server.getInputStream().readAllBytes());
        });
  }

  @Test
  void aReadSuspendsItsFiberAlone() throws Exception {
    List<String> log = new ArrayList<>();

    Sockets.connect(
        (client, server) -> {
          Fiber reader = Fiber.start(() -> log.add("read " + server.getInputStream().read()));
          Fiber.yield();
          log.add("others run");
          client.getOutputStream().write(200);
          reader.join();
        });

    assertEquals(List.of("others run", "read 200"), log);
  }

  @Test
  void aReadPastItsTimeoutFailsAndTheNextOneWorks() throws Exception {
    Sockets.connect(
        (client, server) -> {
          server.setSoTimeout(1);
          assertEquals(1, server.getSoTimeout());
          SocketTimeoutException failure =
              assertThrows(SocketTimeoutException.class, () -> server.getInputStream().read());
          assertEquals("Read timed out", failure.getMessage());

          client.getOutputStream().write('a');
          server.setSoTimeout(0);
          assertEquals('a', server.getInputStream().read());
        });
  }

  @Test
  void aHalfCloseIsTheEndForThePeerAlone() throws Exception {
    Sockets.connect(
        (client, server) -> {
          client.shutdownOutput();
          assertTrue(client.isOutputShutdown());
          assertEquals(-1, server.getInputStream().read());
          server.getOutputStream().write('b');
          assertEquals('b', client.getInputStream().read());
          assertThrows(SocketException.class, client::getOutputStream);
        });
  }

  @Test
  void afterAShutdownOfItsInputAStreamIsAtItsEnd() throws Exception {
    Sockets.connect(
        (client, server) -> {
          var input = server.getInputStream();
          client.getOutputStream().write('a');
          Fiber reader = Fiber.start(() -> assertEquals('a', input.read()));
          reader.join();
          Task<Integer> waiting;
          try (Bundle bundle = Bundle.open()) {
            waiting = bundle.go(() -> input.read());
            Fiber.yield();
            server.shutdownInput();
            assertEquals(-1, waiting.join());
          }
          assertEquals(-1, input.read());
          assertEquals(0, input.available());
        });
  }

  @Test
  void whatHasArrivedIsAvailable() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertEquals(0, server.getInputStream().available());
          client.getOutputStream().write(new byte[100]);
          while (server.getInputStream().available() < 100) {
            Fiber.yield(); // the loopback interface delivers in its own time
          }
          server.getInputStream().read();
          assertEquals(99, server.getInputStream().available());
          client.close();
          server.getInputStream().readNBytes(99);
          assertEquals(-1, server.getInputStream().read());
          assertEquals(0, server.getInputStream().available());
        });
  }

  // ---- closing

  private static void assertClosed(Socket socket, Closer closer) throws Exception {
    try (Bundle bundle = Bundle.open()) {
      Task<SocketException> reading =
          bundle.go(
              () -> assertThrows(SocketException.class, () -> socket.getInputStream().read()));
      Fiber.yield();
      closer.close(socket);
      assertEquals("Socket closed", reading.join().getMessage());
    }
    assertTrue(socket.isClosed());
    assertThrows(SocketException.class, socket::getInputStream);
  }

  /** A way to close a socket. */
  @FunctionalInterface
  private interface Closer {
    void close(Socket socket) throws Exception;
  }

  @Test
  void aFiberClosesASocketThatAnotherOneReads() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertClosed(server, Socket::close);
          assertEquals(-1, client.getInputStream().read());
        });
  }

  @Test
  void aThreadClosesASocketThatAFiberReads() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertClosed(server, FiberSocketTest::closeInAThread);
          assertEquals(-1, client.getInputStream().read());
        });
  }

  private static void closeInAThread(Socket socket) throws Exception {
    Thread thread =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    socket.close();
                  } catch (IOException e) {
                    throw new IllegalStateException(e);
                  }
                });
    thread.join();
  }

  @Test
  void aStreamThatIsClosedClosesItsSocket() throws Exception {
    Sockets.connect(
        (client, server) -> {
          client.getOutputStream().close();
          assertTrue(client.isClosed());
          assertEquals(-1, server.getInputStream().read());
        });
  }

  @Test
  void aStreamOfAClosedSocketFails() throws Exception {
    Sockets.connect(
        (client, server) -> {
          var input = client.getInputStream();
          var output = client.getOutputStream();
          client.close();
          client.close();
          assertEquals(
              "Socket closed", assertThrows(SocketException.class, input::read).getMessage());
          assertEquals(
              "Socket closed",
              assertThrows(SocketException.class, () -> output.write(1)).getMessage());
          assertThrows(SocketException.class, input::available);
        });
  }

  @Test
  void aSocketCanBeClosedAfterItsReactor() throws Exception {
    Socket[] left = {null};

    Sockets.connect((client, server) -> left[0] = client);

    left[0].close();
    assertTrue(left[0].isClosed());
  }

  @Test
  void aResetIsAnException() throws Exception {
    Sockets.connect(
        (client, server) -> {
          client.setSoLinger(true, 0);
          client.close();
          SocketException failure =
              assertThrows(SocketException.class, () -> server.getInputStream().read());
          assertEquals("Connection reset", failure.getMessage());
          assertThrows(
              SocketException.class,
              () -> {
                while (true) {
                  server.getOutputStream().write(1);
                }
              });
        });
  }

  // ---- fibers

  @Test
  void aCancelEndsAReadAndLeavesTheSocketOpen() throws Exception {
    Sockets.connect(
        (client, server) -> {
          boolean[] cancelled = {false};
          Fiber reader =
              Fiber.start(
                  () -> {
                    assertThrows(CancelledException.class, () -> server.getInputStream().read());
                    cancelled[0] = true;
                  });
          Fiber.yield();
          reader.cancel();
          reader.join();
          assertTrue(cancelled[0]);
          assertFalse(server.isClosed());
          client.getOutputStream().write('c');
          assertEquals('c', server.getInputStream().read());
        });
  }

  @Test
  void theDeadlineOfAScopeIsNoTimeoutOfTheSocket() throws Exception {
    Sockets.connect(
        (client, server) -> {
          server.setSoTimeout(1_000_000);
          try (Bundle bundle = Bundle.open(Deadline.after(Duration.ofMillis(1)))) {
            ScopeExpiredException failure =
                assertThrows(ScopeExpiredException.class, () -> server.getInputStream().read());
            assertTrue(failure.isOf(bundle));
          }
        });
  }

  @Test
  void anInterruptEndsNoRead() throws Exception {
    Sockets.connect(
        (client, server) -> {
          boolean[] interrupted = {false};
          Fiber reader =
              Fiber.start(
                  () -> {
                    assertEquals('d', server.getInputStream().read());
                    interrupted[0] = Thread.interrupted();
                  });
          Fiber.yield();
          reader.thread().interrupt();
          client.getOutputStream().write('d');
          reader.join();
          assertTrue(interrupted[0]);
        });
  }

  /** As two threads with a socket of the JDK, and unlike two fibers with one of Weft. */
  @Test
  void fibersReadOneAfterTheOther() throws Exception {
    Sockets.connect(
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> first = bundle.go(() -> server.getInputStream().read());
            Task<Integer> second = bundle.go(() -> server.getInputStream().read());
            Fiber.yield();
            client.getOutputStream().write(new byte[] {1, 2});
            assertEquals(3, first.join() + second.join());
          }
        });
  }

  /** What drivers do: since JDK 24 (JEP 491) a virtual thread leaves its carrier in a monitor. */
  @Test
  void aReadInAMonitorBlocksOnlyTheFibersThatWantTheMonitor() throws Exception {
    Object monitor = new Object();
    List<String> log = new ArrayList<>();

    Sockets.connect(
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  synchronized (monitor) {
                    log.add("read " + server.getInputStream().read());
                  }
                });
            bundle.go(
                () -> {
                  synchronized (monitor) {
                    log.add("entered");
                    server.getOutputStream().write('e');
                  }
                });
            Fiber.yield();
            bundle.go(
                () -> {
                  log.add("others run");
                  client.getOutputStream().write('f');
                });
            assertEquals('e', client.getInputStream().read());
            bundle.await();
          }
        });

    assertEquals(List.of("others run", "read 102", "entered"), log);
  }

  @Test
  void thereIsNoChannelAndNoUrgentData() throws Exception {
    Sockets.connect(
        (client, server) -> {
          assertNull(client.getChannel());
          assertEquals(
              "Urgent data not supported",
              assertThrows(SocketException.class, () -> client.sendUrgentData(1)).getMessage());
        });
  }

  @Test
  void aSocketThatWasNeverConnectedNeedsNoReactor() throws Exception {
    Socket socket = FACTORY.createSocket();
    assertFalse(socket.isConnected());
    socket.close();
    assertThrows(SocketException.class, () -> socket.connect(new InetSocketAddress(1)));
  }
}
