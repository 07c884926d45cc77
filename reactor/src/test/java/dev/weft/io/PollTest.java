// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.bindings.weft_h;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.os.Libc;
import dev.weft.net.Datagram;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Waits for readiness. */
class PollTest {
  private static final Deadline NEVER = Deadline.NEVER;

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static boolean onSelector() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  @Test
  void aSocketIsReadableWhenBytesHaveArrived() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket left = TcpSocket.connect(listener.localAddress());
              Arena arena = Arena.ofConfined()) {
            Poll.readable(listener, NEVER);
            try (TcpSocket right = listener.accept();
                Bundle bundle = Bundle.open()) {
              assertThrows(
                  DeadlineExceededException.class, () -> Poll.readable(right, Deadline.NOW));
              bundle.go(() -> Poll.readable(right, NEVER));
              Fiber.yield();
              Poll.writable(left, NEVER);
              left.write(arena.allocateFrom("a"));
              bundle.await();
              Poll.readable(right, Deadline.NOW);
              MemorySegment bytes = arena.allocate(10);
              assertEquals(2, right.tryRead(bytes));
            }
          }
        });
  }

  @Test
  void aListenerIsReadableWhileAConnectionWaits() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            listener.tryAccept(); // from now on the backend accepts
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              do {
                Fiber.yield();
              } while (!isReadable(listener));
              try (TcpSocket server = listener.accept(Deadline.NOW)) {
                assertEquals(client.localAddress(), server.remoteAddress());
              }
            }
          }
        });
  }

  private static boolean isReadable(AutoCloseable stream) throws Exception {
    try {
      Poll.readable(stream, Deadline.NOW);
      return true;
    } catch (DeadlineExceededException e) {
      return false;
    }
  }

  @Test
  void datagramsAndPipesCanBePolled() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket receiver = UdpSocket.bind(loopback());
              UdpSocket sender = UdpSocket.open();
              Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            Datagram datagram = new Datagram(arena.allocate(3));
            datagram.setAddress(receiver.localAddress());
            sender.send(datagram);
            Poll.readable(receiver, NEVER);
            Poll.writable(pipe.sink(), NEVER);
            pipe.sink().write(arena.allocate(1));
            Poll.readable(pipe.source(), NEVER);
            assertThrows(IllegalArgumentException.class, () -> Poll.readable(arena, Deadline.NOW));
            assertThrows(IllegalArgumentException.class, () -> Poll.await(pipe.sink(), 64, NEVER));
          }
        });
  }

  @Test
  void closingEndsAPoll() throws Exception {
    Reactors.run(
        () -> {
          Pipe pipe = Pipe.open();
          ByteSource source = pipe.source();
          Fiber waiting =
              Fiber.start(
                  () ->
                      assertThrows(
                          AsynchronousCloseException.class, () -> Poll.readable(source, NEVER)));
          Fiber.yield();
          pipe.close();
          waiting.join();
          assertThrows(ClosedChannelException.class, () -> Poll.readable(source, NEVER));
        });
  }

  @Test
  void theEndOfThePeersOutputIsAnEventOfItsOwn() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket left = TcpSocket.connect(listener.localAddress());
              TcpSocket right = listener.accept()) {
            if (onSelector()) {
              UnsupportedOperationException e =
                  assertThrows(
                      UnsupportedOperationException.class,
                      () -> Poll.await(right, Poll.PEER_SHUTDOWN, NEVER));
              assertEquals(
                  "poll of " + right + ": the selector backend can't do that", e.getMessage());
              return;
            }
            left.shutdownOutput();
            assertEquals(Poll.PEER_SHUTDOWN, Poll.await(right, Poll.PEER_SHUTDOWN, NEVER));
          }
        });
  }

  /** Both ends of a pipe of the system, which the library does not know. */
  private static int[] systemPipe(Arena arena) {
    MemorySegment ends = arena.allocate(Integer.BYTES * 2L, Integer.BYTES);
    assertEquals(0, Libc.pipe(ends.address()));
    return new int[] {ends.get(JAVA_INT, 0), ends.get(JAVA_INT, Integer.BYTES)};
  }

  @Test
  @Tag("needs-io-uring")
  void dataThatWaitsTogetherWithAHangUpIsReadable() throws Exception {
    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofConfined()) {
            int[] ends = systemPipe(arena);
            MemorySegment bytes = arena.allocateFrom("last");
            assertThrows(
                DeadlineExceededException.class, () -> Poll.readable(ends[0], Deadline.NOW));
            Poll.writable(ends[1], NEVER);
            assertEquals(5, Libc.write(ends[1], bytes.address(), 5));
            assertEquals(0, Libc.close(ends[1]));
            Poll.readable(ends[0], NEVER);
            assertEquals(Poll.READABLE | Poll.HANG_UP, Poll.await(ends[0], Poll.READABLE, NEVER));
            assertEquals(5, Libc.read(ends[0], bytes.address(), 5));
            assertEquals(Poll.HANG_UP, Poll.await(ends[0], Poll.HANG_UP, NEVER));
            assertEquals(0, Libc.close(ends[0]));
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void aNumberThatIsNotOpenIsAnErrorAndNotTheEndOfTheProcess() throws Exception {
    Reactors.run(
        () -> {
          for (Deadline deadline : new Deadline[] {NEVER, Deadline.NOW}) {
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> Poll.readable(98_765, deadline));
            assertEquals(Errno.EBADF, e.errno());
            assertEquals("descriptor 98765", e.subject());
          }
          assertThrows(IllegalArgumentException.class, () -> Poll.writable(-1, NEVER));
        });
  }

  @Test
  void aSelectorHasNoNumbersOfOthers() throws Exception {
    Reactors.run(
        () -> {
          if (onSelector()) {
            assertThrows(UnsupportedOperationException.class, () -> Poll.readable(7, NEVER));
            assertThrows(UnsupportedOperationException.class, () -> TcpSocket.adopt(7));
            assertThrows(UnsupportedOperationException.class, () -> UdpSocket.adopt(7));
          }
        });
  }

  // ---- adopted descriptors

  private static void close(TcpSocket socket) {
    socket.close();
  }

  private static int copyOf(Object socket) {
    Endpoint endpoint = Objects.requireNonNull(Endpoint.IN.of(socket));
    int copy = Libc.fcntl(endpoint.handle().number(), weft_h.F_DUPFD_CLOEXEC(), 0);
    assertNotEquals(-1, copy);
    return copy;
  }

  @Test
  @Tag("needs-io-uring")
  void aDescriptorOfAConnectionBecomesASocket() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket left = TcpSocket.connect(listener.localAddress());
              TcpSocket right = listener.accept();
              Arena arena = Arena.ofConfined()) {
            int number = copyOf(right);
            try (TcpSocket adopted = TcpSocket.adopt(number)) {
              close(right);
              assertEquals(left.localAddress(), adopted.remoteAddress());
              left.write(arena.allocateFrom("abc"));
              MemorySegment bytes = arena.allocate(4);
              adopted.readFully(bytes);
              assertEquals("abc", bytes.getString(0));
            }
            assertEquals(-1, left.read(arena.allocate(1)), "its close closed the descriptor");
            ErrnoException e = assertThrows(ErrnoException.class, () -> TcpSocket.adopt(number));
            assertEquals(Errno.EBADF, e.errno());
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void whatIsNoSuchSocketIsRefusedAndStaysOpen() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket datagrams = UdpSocket.bind(loopback());
              Pipe pipe = Pipe.open()) {
            int udp = copyOf(datagrams);
            int end = copyOf(pipe.source());
            assertThrows(IllegalArgumentException.class, () -> TcpSocket.adopt(udp));
            assertThrows(IllegalArgumentException.class, () -> TcpSocket.adopt(end));
            assertThrows(IllegalArgumentException.class, () -> UdpSocket.adopt(end));
            try (UdpSocket adopted = UdpSocket.adopt(udp)) {
              assertEquals(datagrams.localAddress(), adopted.localAddress());
            }
            assertEquals(0, Libc.close(end));
          }
        });
  }
}
