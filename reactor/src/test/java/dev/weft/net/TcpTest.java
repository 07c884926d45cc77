// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.strand.EventLoop;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TcpTest {
  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Serves connections one after another until it is cancelled. */
  private static FiberTask echoServer(TcpListener listener) {
    return () -> {
      try {
        while (true) {
          TcpSocket socket = listener.accept();
          Fiber.start(() -> echo(socket));
        }
      } catch (AsynchronousCloseException e) {
        // the test has ended
      }
    };
  }

  private static void echo(TcpSocket socket) throws IOException {
    try (socket;
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(5000);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void everyByteIsEchoedWhateverTheSizesOfWrites(long seed) throws Exception {
    byte[] sent = new byte[2_000_000];
    new Random(seed).nextBytes(sent);
    byte[] received = new byte[sent.length];

    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            Fiber.start(echoServer(listener));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress());
                Arena arena = Arena.ofConfined()) {
              Fiber writer = Fiber.start(() -> writeInChunks(client, sent, new Random(seed)));
              readInChunks(client, received, new Random(seed + 1), arena);
              writer.join();
              assertEquals(-1, client.read(arena.allocate(1)), "the end follows the bytes");
            }
          }
        });

    assertArrayEquals(sent, received, "seed " + seed);
  }

  private static void writeInChunks(TcpSocket socket, byte[] bytes, Random random)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocateFrom(JAVA_BYTE, bytes);
      for (long at = 0; at < bytes.length; ) {
        long length = Math.min(1 + random.nextInt(100_000), bytes.length - at);
        socket.write(source.asSlice(at, length));
        at += length;
      }
    }
    socket.shutdownOutput();
  }

  private static void readInChunks(TcpSocket socket, byte[] target, Random random, Arena arena)
      throws IOException {
    MemorySegment buffer = arena.allocate(50_000);
    for (int at = 0; at < target.length; ) {
      long length = Math.min(1 + random.nextInt(50_000), target.length - at);
      int count = socket.read(buffer.asSlice(0, length));
      assertTrue(count > 0, "ended early");
      MemorySegment.copy(buffer, JAVA_BYTE, 0, target, at, count);
      at += count;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void manyConnectionsAreServedConcurrently(boolean multishot) throws Exception {
    int count = 500;
    int[] served = {0};

    Reactors.run(
        () -> {
          if (!multishot) {
            EventLoop.require("test").backend().disable(Capability.MULTISHOT_ACCEPT);
          }
          try (TcpListener listener = TcpListener.bind(loopback())) {
            Fiber.start(echoServer(listener));
            List<TcpSocket> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
              clients.add(TcpSocket.connect(listener.localAddress()));
            }
            List<Fiber> fibers = new ArrayList<>();
            for (TcpSocket client : clients) {
              fibers.add(
                  Fiber.start(
                      () -> {
                        try (Arena arena = Arena.ofConfined()) {
                          MemorySegment message = arena.allocateFrom("message " + client);
                          MemorySegment answer = arena.allocate(message.byteSize());
                          client.write(message);
                          client.readFully(answer);
                          assertEquals(-1, message.mismatch(answer));
                          served[0]++;
                        }
                      }));
            }
            for (Fiber fiber : fibers) {
              fiber.join();
            }
            for (TcpSocket client : clients) {
              client.close();
            }
          }
        });

    assertEquals(count, served[0]);
  }

  @Test
  void aHalfCloseDeliversAllBytesAndThenTheEnd() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            Fiber server =
                Fiber.start(
                    () -> {
                      try (TcpSocket socket = listener.accept();
                          Arena mine = Arena.ofConfined()) {
                        MemorySegment all = mine.allocate(100);
                        int length = 0;
                        for (int n; (n = socket.read(all.asSlice(length))) >= 0; ) {
                          length += n;
                        }
                        socket.write(
                            all.asSlice(0, length)); // after the peer has shut down its output
                      }
                    });
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              client.write(arena.allocateFrom("last words"));
              client.shutdownOutput();
              MemorySegment answer = arena.allocate(11);
              client.readFully(answer);
              assertEquals("last words", answer.getString(0));
              assertEquals(-1, client.read(answer));
              assertThrows(EOFException.class, () -> client.readFully(answer));
            }
            server.join();
          }
        });
  }

  @Test
  void aResetIsAnErrorOfTheRead() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            TcpSocket client = TcpSocket.connect(listener.localAddress());
            try (TcpSocket server = listener.accept()) {
              client.resetOnClose();
              client.close();
              MemorySegment target = arena.allocate(1);
              ErrnoException e = assertThrows(ErrnoException.class, () -> server.read(target));
              assertEquals(Errno.ECONNRESET, e.errno());
            }
          }
        });
  }

  @Test
  void lingeringForAFractionOfASecondIsNotAReset() throws Exception {
    SocketOptions lingering = SocketOptions.defaults().withLinger(Duration.ofMillis(500));

    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            TcpSocket client =
                TcpSocket.connect(listener.localAddress(), lingering, Deadline.NEVER);
            try (TcpSocket server = listener.accept()) {
              client.close();

              assertEquals(-1, server.read(arena.allocate(1)));
            }
          }
        });
  }

  @Test
  void writingToAClosedPeerIsAnErrorAndNotASignal() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            TcpSocket client = TcpSocket.connect(listener.localAddress());
            try (TcpSocket server = listener.accept()) {
              client.resetOnClose();
              client.close();
              MemorySegment source = arena.allocate(100_000);
              ErrnoException e =
                  assertThrows(
                      ErrnoException.class,
                      () -> {
                        server.write(source);
                        server.write(source);
                      });
              assertTrue(e.errno() == Errno.EPIPE || e.errno() == Errno.ECONNRESET, e.getMessage());
            }
          }
        });
  }

  @Test
  void aRefusedConnectionNamesTheAddressAndLeavesNothingOpen() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          InetSocketAddress address = listener.localAddress();
          listener.close();

          ErrnoException e = assertThrows(ErrnoException.class, () -> TcpSocket.connect(address));
          assertEquals(Errno.ECONNREFUSED, e.errno());
          assertEquals(
              "connect 127.0.0.1:" + address.getPort() + ": ECONNREFUSED (Connection refused)",
              e.getMessage());
        });
  }

  @Test
  void closingASocketEndsTheReadOfAnotherFiber() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            TcpSocket client = TcpSocket.connect(listener.localAddress());
            try (TcpSocket server = listener.accept()) {
              Fiber reader =
                  Fiber.start(
                      () -> {
                        try (Arena arena = Arena.ofConfined()) {
                          MemorySegment target = arena.allocate(1);
                          assertThrows(AsynchronousCloseException.class, () -> client.read(target));
                        }
                      });
              Fiber.yield();
              client.close();
              reader.join();
              assertFalse(client.isOpen());
              try (Arena arena = Arena.ofConfined()) {
                MemorySegment target = arena.allocate(1);
                assertThrows(ClosedChannelException.class, () -> client.read(target));
                assertThrows(ClosedChannelException.class, () -> client.write(target));
                assertEquals(-1, server.read(target));
              }
              client.close();
            }
          }
        });
  }

  @Test
  void twoFibersCantReadOneSocketConcurrently() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(1);
            Fiber reader =
                Fiber.start(
                    () -> {
                      try (Arena mine = Arena.ofConfined()) {
                        client.read(mine.allocate(1));
                      }
                    });
            Fiber.yield();
            IllegalStateException e =
                assertThrows(IllegalStateException.class, () -> client.read(target));
            assertTrue(e.getMessage().contains("another fiber"), e.getMessage());
            reader.cancel();
          }
        });
  }

  @Test
  void aStalledPeerDoesNotDelayOthers() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            TcpSocket stalled = TcpSocket.connect(listener.localAddress());
            TcpSocket server = listener.accept();
            Fiber flood =
                Fiber.start(
                    () -> {
                      try (Arena arena = Arena.ofConfined()) {
                        stalled.write(arena.allocate(64 << 20)); // more than the kernel buffers
                      }
                    });
            Fiber.start(echoServer(listener));
            try (TcpSocket other = TcpSocket.connect(listener.localAddress());
                Arena arena = Arena.ofConfined()) {
              for (int i = 0; i < 100; i++) {
                MemorySegment message = arena.allocateFrom("hello " + i);
                MemorySegment answer = arena.allocate(message.byteSize());
                other.write(message);
                other.readFully(answer);
                assertEquals("hello " + i, answer.getString(0));
              }
            }
            assertFalse(flood.isDone());
            flood.cancel();
            flood.join();
            stalled.close();
            server.close();
          }
        });
  }

  @Test
  void closedSocketsAndReactorsLeaveNoDescriptor() throws Exception {
    connectAndClose(); // opens what is opened once per process
    long before = socketsAndRings();
    for (int i = 0; i < 20; i++) {
      connectAndClose();
    }
    assertEquals(before, socketsAndRings());
  }

  private static void connectAndClose() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept()) {
            assertTrue(client.isOpen() && server.isOpen());
          }
        });
  }

  /** Counts sockets and rings only: the JDK opens files of its own at any time. */
  private static long socketsAndRings() throws IOException {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.filter(fd -> target(fd).matches("(socket|anon_inode):.*")).count();
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return ""; // the descriptor that lists the folder
    }
  }
}
