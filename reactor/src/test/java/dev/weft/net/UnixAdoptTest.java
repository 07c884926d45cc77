// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.os.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Descriptors of Unix sockets become sockets, and what has arrived is peeked at or tried. */
@Tag("needs-io-uring")
class UnixAdoptTest {
  private static int copyOf(Object open) {
    Endpoint endpoint = Endpoint.IN.of(open);
    Handle handle =
        endpoint == null
            ? Objects.requireNonNull(Acceptor.IN.of(open)).handle()
            : endpoint.handle();
    int copy = Libc.fcntl(handle.number(), weft_h.F_DUPFD_CLOEXEC(), 0);
    assertNotEquals(-1, copy);
    return copy;
  }

  private static void close(UnixSocket socket) {
    socket.close();
  }

  private static void close(UnixMessageSocket socket) {
    socket.close();
  }

  private static void close(UnixListener listener) {
    listener.close();
  }

  private static UnixMessage message(Arena arena, String text) {
    UnixMessage made = new UnixMessage(arena.allocate(10));
    MemorySegment.copy(arena.allocateFrom(text), 0, made.segment(), 0, text.length());
    made.setLength(text.length());
    return made;
  }

  private static AbstractSocketAddress name() {
    return AbstractSocketAddress.of("weft-adopt-" + ProcessHandle.current().pid());
  }

  @Test
  void aConnectionIsAdopted() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket left = pair.first();
              UnixSocket right = pair.second();
              UnixSocket adopted = UnixSocket.adopt(copyOf(right));
              Arena arena = Arena.ofConfined()) {
            close(right);
            left.write(arena.allocateFrom("a"));
            MemorySegment bytes = arena.allocate(2);
            assertEquals(2, adopted.peek(bytes));
            assertEquals(2, adopted.read(bytes));
            assertEquals('a', bytes.get(JAVA_BYTE, 0));
          }
        });
  }

  @Test
  void aSocketForMessagesIsAdopted() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixMessageSocket> pair = SocketPair.openMessages();
          try (UnixMessageSocket left = pair.first();
              UnixMessageSocket right = pair.second();
              UnixMessageSocket adopted = UnixMessageSocket.adopt(copyOf(right));
              Arena arena = Arena.ofConfined()) {
            close(right);
            UnixMessage received = new UnixMessage(arena.allocate(10));
            assertFalse(adopted.tryReceive(received));
            assertTrue(left.trySend(message(arena, "hello")));
            assertEquals(5, adopted.peek(received));
            assertTrue(adopted.tryReceive(received));
            assertEquals(5, received.length());
            close(left);
            assertEquals(-1, adopted.receive(received, Deadline.NEVER), "the end");
          }
          try (UnixMessageSocket datagrams = UnixMessageSocket.open();
              UnixMessageSocket adopted = UnixMessageSocket.adopt(copyOf(datagrams))) {
            assertTrue(adopted.isOpen());
          }
        });
  }

  @Test
  void aListenerIsAdopted() throws Exception {
    Reactors.run(
        () -> {
          try (UnixListener listener = UnixListener.bind(name());
              UnixListener adopted = UnixListener.adopt(copyOf(listener))) {
            close(listener);
            assertEquals(name(), adopted.localAddress());
            adopted.setOption(SocketOption.RECEIVE_BUFFER, 10_000);
            assertEquals(20_000, adopted.getOption(SocketOption.RECEIVE_BUFFER));
            try (UnixSocket client = UnixSocket.connect(name());
                UnixSocket server = adopted.accept()) {
              assertEquals(name(), client.remoteAddress());
              assertNotNull(server.peerCredentials());
            }
          }
        });
  }

  @Test
  void otherDescriptorsAreRefusedAndStayOpen() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixMessageSocket> pair = SocketPair.openMessages();
          try (UnixMessageSocket messages = pair.first();
              UnixMessageSocket other = pair.second();
              UnixListener listener = UnixListener.bind(name())) {
            int end = copyOf(messages);
            int listening = copyOf(listener);
            assertThrows(IllegalArgumentException.class, () -> UnixSocket.adopt(end));
            assertThrows(IllegalArgumentException.class, () -> UnixMessageSocket.adopt(listening));
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> UnixSocket.adopt(listening));
            assertEquals(Errno.ENOTCONN, e.errno());
            assertEquals(0, Libc.close(end));
            assertEquals(0, Libc.close(listening));
            assertTrue(other.isOpen());
          }
        });
  }

  @Test
  void aStreamTriesMessages() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket left = pair.first();
              UnixSocket right = pair.second();
              Arena arena = Arena.ofConfined();
              UnixMessage received = UnixMessage.takingDescriptors(arena.allocate(10))) {
            assertEquals(0, right.tryReceive(received));
            UnixMessage sent = message(arena, "hello");
            sent.pass(left);
            assertEquals(5, left.trySend(sent));
            assertEquals(5, right.tryReceive(received));
            Descriptor taken = received.takeDescriptor();
            assertNotNull(taken);
            taken.close();
            close(left);
            assertEquals(-1, right.tryReceive(received));
          }
        });
  }
}
