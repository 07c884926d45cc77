// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.Pipe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import org.junit.jupiter.api.Test;

/** Calls that do now what can be done now, and peeks. */
class TryTest {
  private interface Connected {
    void run(TcpSocket left, TcpSocket right, Arena arena) throws Exception;
  }

  private static void connected(Connected test) throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket left = TcpSocket.connect(listener.localAddress());
              TcpSocket right = listener.accept();
              Arena arena = Arena.ofConfined()) {
            test.run(left, right, arena);
          }
        });
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static long resumes() {
    return Reactor.current().stats().resumes();
  }

  @Test
  void aTryReadReturnsWhatHasArrivedAndDoesNotSuspend() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(10);
          long before = resumes();
          assertEquals(0, right.tryRead(bytes));
          assertEquals(2, left.tryWrite(arena.allocateFrom("a")));
          assertEquals(before, resumes());
          right.peek(bytes); // waits until they have arrived
          before = resumes();
          assertEquals(2, right.tryRead(bytes));
          assertEquals("a", bytes.getString(0));
          assertEquals(0, right.tryRead(bytes));
          assertEquals(before, resumes());
          left.shutdownOutput();
          assertEquals(-1, right.peek(bytes));
          assertEquals(-1, right.tryRead(bytes));
          assertEquals(0, right.tryRead(bytes.asSlice(0, 0)));
        });
  }

  @Test
  void aTryWriteTakesWhatTheBufferHolds() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment large = arena.allocate(64 << 20);
          long sent = 0;
          for (int count; (count = left.tryWrite(large)) > 0; ) {
            sent += count;
          }
          assertTrue(sent > 0 && sent < large.byteSize());
          assertThrows(DeadlineExceededException.class, () -> left.write(large, Deadline.NOW));
          assertEquals(0, left.tryWrite(large.asSlice(0, 0)));
        });
  }

  @Test
  void aTryAcceptTakesAConnectionThatHasArrived() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            assertNull(listener.tryAccept());
            assertThrows(DeadlineExceededException.class, () -> listener.accept(Deadline.NOW));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              TcpSocket accepted;
              while ((accepted = listener.tryAccept()) == null) {
                Fiber.yield(); // a thread of a fiber may have to wait for the next turn
              }
              try (TcpSocket server = accepted) {
                assertEquals(client.localAddress(), server.remoteAddress());
              }
              assertNull(listener.tryAccept());
            }
          }
        });
  }

  @Test
  void aTryReceiveTakesADatagramThatHasArrived() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket receiver = UdpSocket.bind(loopback());
              UdpSocket sender = UdpSocket.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            Datagram received = new Datagram(arena.allocate(10));
            assertFalse(receiver.tryReceive(received));
            assertThrows(
                DeadlineExceededException.class, () -> receiver.receive(received, Deadline.NOW));
            Datagram sent = new Datagram(arena.allocateFrom("abc"));
            sent.setLength(4);
            sent.setAddress(receiver.localAddress());
            assertTrue(sender.trySend(sent));
            while (!receiver.tryReceive(received)) {
              Fiber.yield();
            }
            assertEquals(4, received.length());
            assertEquals(sender.localAddress(), received.address());
            sender.send(sent, Deadline.NOW);
            receiver.receive(received);
          }
        });
  }

  @Test
  void withDeadlineNowACallDoesWhatCanBeDone() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(10);
          assertThrows(DeadlineExceededException.class, () -> right.read(bytes, Deadline.NOW));
          assertThrows(DeadlineExceededException.class, () -> right.peek(bytes, Deadline.NOW));
          left.write(arena.allocateFrom("abc"), Deadline.NOW);
          right.peek(bytes);
          long before = resumes();
          assertEquals(4, right.peek(bytes, Deadline.NOW));
          assertEquals(4, right.read(bytes, Deadline.NOW));
          assertEquals("abc", bytes.getString(0));
          assertEquals(before, resumes());
          assertThrows(DeadlineExceededException.class, () -> left.shutdownOutput(Deadline.NOW));
        });
  }

  @Test
  void withDeadlineNowAPipeIsReadAndWritten() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(10);
            assertThrows(
                DeadlineExceededException.class, () -> pipe.source().read(bytes, Deadline.NOW));
            pipe.sink().write(arena.allocateFrom("abc"), Deadline.NOW);
            assertEquals(4, pipe.source().read(bytes, Deadline.NOW));
            assertEquals("abc", bytes.getString(0));
          }
        });
  }

  @Test
  void aCancelledFiberDoesNothingNow() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(arena.allocateFrom("abc"));
          right.peek(arena.allocate(1));
          Fiber.start(
                  () -> {
                    Fiber.current().cancel();
                    MemorySegment bytes = Arena.ofAuto().allocate(1);
                    assertThrows(CancelledException.class, () -> right.read(bytes, Deadline.NOW));
                  })
              .join();
        });
  }

  @Test
  void aPeekAndAReadExcludeEachOther() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(10);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> right.peek(Arena.ofAuto().allocate(1)));
            Fiber.yield();
            assertThrows(IllegalStateException.class, () -> right.read(bytes));
            assertThrows(IllegalStateException.class, () -> right.tryRead(bytes));
            assertThrows(IllegalStateException.class, () -> right.peek(bytes));
            left.write(arena.allocateFrom("abc"));
            bundle.await();
          }
          assertEquals(4, right.read(bytes));
        });
  }

  @Test
  void aClosedSocketIsNotTried() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          TcpSocket socket = TcpSocket.connect(listener.localAddress());
          close(socket, listener);
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(1);
            assertThrows(ClosedChannelException.class, () -> socket.tryRead(bytes));
            assertThrows(ClosedChannelException.class, () -> socket.tryWrite(bytes));
            assertThrows(ClosedChannelException.class, listener::tryAccept);
          }
        });
  }

  private static void close(TcpSocket socket, TcpListener listener) {
    socket.close();
    listener.close();
  }
}
