// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.error.TaskFailedException;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
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
        // the test is over
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
  void everyByteComesBackWhateverTheChunks(long seed) throws Exception {
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

  @Test
  void manyConnectionsAreServedAtOnce() throws Exception {
    int count = 500;
    int[] served = {0};

    Reactors.run(
        () -> {
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
  void halfCloseDeliversEverythingAndThenTheEnd() throws Exception {
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
                        socket.write(all.asSlice(0, length)); // after the peer's end
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
  void aResetShowsAsAnErrorToTheReader() throws Exception {
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
  void writingToAPeerThatHasGoneIsAnErrorNotASignal() throws Exception {
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
  void aPortThatIsTakenNamesTheAddress() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> TcpListener.bind(listener.localAddress()));
            assertEquals(Errno.EADDRINUSE, e.errno());
            assertTrue(e.getMessage().contains(listener.toString()), e.getMessage());
          }
        });
  }

  @Test
  void listenersMayShareAPortIfTheySaySo() throws Exception {
    Reactors.run(
        () -> {
          SocketOptions shared = SocketOptions.defaults().withReusePort(true);
          try (TcpListener one = TcpListener.bind(loopback(), shared);
              TcpListener other = TcpListener.bind(one.localAddress(), shared)) {
            assertEquals(one.localAddress(), other.localAddress());
          }
        });
  }

  @Test
  void anIpv6WildcardTakesIpv4ClientsToo() throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getByName("::"), 0);
          try (TcpListener listener = TcpListener.bind(any)) {
            int port = listener.localAddress().getPort();
            assertEquals("[::]:" + port, listener.toString());
            for (String host : List.of("127.0.0.1", "::1")) {
              InetAddress address = InetAddress.getByName(host);
              try (TcpSocket client = TcpSocket.connect(new InetSocketAddress(address, port));
                  TcpSocket server = listener.accept()) {
                assertEquals(address, client.remoteAddress().getAddress());
                assertEquals(client.localAddress(), server.remoteAddress());
                assertEquals(client.remoteAddress(), server.localAddress());
              }
            }
          }
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
  void twoFibersCantReadOneSocketAtOnce() throws Exception {
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
  void closingAListenerEndsAcceptsAndRefusesLaterOnes() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          List<Fiber> acceptors = new ArrayList<>();
          for (int i = 0; i < 3; i++) {
            acceptors.add(
                Fiber.start(
                    () -> assertThrows(AsynchronousCloseException.class, listener::accept)));
          }
          Fiber.yield();
          listener.close();
          for (Fiber acceptor : acceptors) {
            acceptor.join();
          }
          assertThrows(ClosedChannelException.class, listener::accept);
          listener.close();
          assertThrows(ErrnoException.class, () -> TcpSocket.connect(listener.localAddress()));
        });
  }

  @Test
  void connectionsThatNobodyFetchedAreClosedWithTheListener() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          TcpSocket first = TcpSocket.connect(listener.localAddress());
          TcpSocket fetched = listener.accept(); // from now on the kernel accepts by itself
          TcpSocket second = TcpSocket.connect(listener.localAddress());
          Fiber.sleep(Duration.ofNanos(1));
          listener.close();
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment target = arena.allocate(1);
            int count;
            try {
              count = second.read(target);
            } catch (ErrnoException e) {
              assertEquals(Errno.ECONNRESET, e.errno());
              count = -1;
            }
            assertEquals(-1, count);
          }
          first.close();
          fetched.close();
          second.close();
        });
  }

  @Test
  void anAcceptedConnectionIsNotLostToACancel() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            Fiber cancelled =
                Fiber.start(() -> assertThrows(CancelledException.class, listener::accept));
            Fiber.yield();
            cancelled.cancel();
            try (TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = listener.accept()) {
              assertEquals(client.localAddress(), server.remoteAddress());
            }
          }
        });
  }

  @Test
  void anAcceptPastItsDeadlineFailsAndTheNextOneWorks() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            assertThrows(
                DeadlineExceededException.class,
                () -> listener.accept(Deadline.after(Duration.ofMillis(1))));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = listener.accept()) {
              assertTrue(client.isOpen() && server.isOpen());
            }
          }
        });
  }

  @Test
  void acceptedConnectionsAreHeldBackWhenNobodyFetchesThem() throws Exception {
    int count = 1500; // more than the listener keeps
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            List<TcpSocket> clients = new ArrayList<>();
            clients.add(TcpSocket.connect(listener.localAddress()));
            listener.accept().close();
            for (int i = 1; i < count; i++) {
              clients.add(TcpSocket.connect(listener.localAddress()));
            }
            for (int i = 1; i < count; i++) {
              listener.accept().close();
            }
            for (TcpSocket client : clients) {
              client.close();
            }
          }
        });
  }

  @Test
  void aStalledPeerHoldsUpNobody() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            TcpSocket stalled = TcpSocket.connect(listener.localAddress());
            TcpSocket server = listener.accept();
            Fiber flood =
                Fiber.start(
                    () -> {
                      try (Arena arena = Arena.ofConfined()) {
                        stalled.write(arena.allocate(64 << 20)); // more than the kernel takes
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
            TaskFailedException e = assertThrows(TaskFailedException.class, flood::join);
            assertInstanceOf(CancelledException.class, e.getCause());
            stalled.close();
            server.close();
          }
        });
  }

  @Test
  void socketsOutliveNothing() throws Exception {
    long before = openDescriptors();
    for (int i = 0; i < 20; i++) {
      Reactors.run(
          () -> {
            try (TcpListener listener = TcpListener.bind(loopback());
                TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = listener.accept()) {
              assertTrue(client.isOpen() && server.isOpen());
            }
          });
    }
    assertEquals(before, openDescriptors());
  }

  private static long openDescriptors() throws IOException {
    try (var list = java.nio.file.Files.list(java.nio.file.Path.of("/proc/self/fd"))) {
      return list.count();
    }
  }

  @Test
  void aListenerLeftOpenIsClosedByTheReactor() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          Fiber acceptor =
              Fiber.start(() -> assertThrows(CancelledException.class, listener::accept));
          Fiber.yield();
          acceptor.cancel();
          // Its multishot request is still in flight when the reactor closes.
          assertTrue(Reactor.current().stats().submissions() > 0);
        });
  }
}
