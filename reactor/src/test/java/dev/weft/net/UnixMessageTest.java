// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.io.Pipe;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Messages of Unix sockets, abstract names, credentials and descriptors. */
@Tag("needs-io-uring")
class UnixMessageTest {
  @TempDir private Path directory;

  /** An address that no other test has. */
  private static AbstractSocketAddress name() {
    return AbstractSocketAddress.of("weft-test-" + UUID.randomUUID());
  }

  private static MemorySegment bytes(Arena arena, String text) {
    return arena.allocateFrom(text).asSlice(0, text.length());
  }

  private static UnixMessage message(Arena arena, String text) {
    UnixMessage message = new UnixMessage(bytes(arena, text));
    message.setLength(text.length());
    return message;
  }

  private static String text(UnixMessage message) {
    return new String(message.content().toArray(JAVA_BYTE), US_ASCII);
  }

  @Test
  void datagramsGoToAnAddressAndCanBeRepliedTo() throws Exception {
    Reactors.run(
        () -> {
          UnixDomainSocketAddress path = UnixDomainSocketAddress.of(directory.resolve("server"));
          AbstractSocketAddress name = name();
          try (UnixMessageSocket server = UnixMessageSocket.bind(path);
              UnixMessageSocket client = UnixMessageSocket.bind(name);
              UnixMessageSocket nameless = UnixMessageSocket.open();
              Arena arena = Arena.ofConfined()) {
            UnixMessage sent = message(arena, "hello");
            sent.setAddress(path);
            client.send(sent);
            UnixMessage received = new UnixMessage(arena.allocate(10));
            assertEquals(5, server.receive(received));
            assertEquals("hello", text(received));
            assertEquals(name, received.address());
            server.send(received);
            assertEquals(5, client.receive(received));
            assertEquals(path, received.address());

            sent.setLength(0);
            nameless.send(sent);
            assertEquals(0, server.receive(received), "an empty datagram");
            assertNull(received.address());
            ErrnoException e = assertThrows(ErrnoException.class, () -> server.send(received));
            assertEquals(Errno.ENOTCONN, e.errno());
            assertEquals(path, server.localAddress());
            assertEquals(name, client.localAddress());
          }
        });
  }

  @Test
  void anAbstractNameIsFreeAgainAfterTheClose() throws Exception {
    Reactors.run(
        () -> {
          AbstractSocketAddress name = name();
          UnixListener listener = UnixListener.bind(name);
          ErrnoException e = assertThrows(ErrnoException.class, () -> UnixListener.bind(name));
          assertEquals(Errno.EADDRINUSE, e.errno());
          try (UnixSocket client = UnixSocket.connect(name)) {
            assertEquals(name, client.remoteAddress());
            assertEquals("@", client.remoteAddress().toString().substring(0, 1));
          }
          listener.close();
          e = assertThrows(ErrnoException.class, () -> UnixSocket.connect(name));
          assertEquals(Errno.ECONNREFUSED, e.errno());
          UnixListener.bind(name).close();
          assertThrows(IllegalArgumentException.class, () -> AbstractSocketAddress.of(""));
          assertThrows(
              IllegalArgumentException.class, () -> AbstractSocketAddress.of("x".repeat(108)));
        });
  }

  @Test
  void sequencedMessagesKeepTheirBoundariesAndEnd() throws Exception {
    Reactors.run(
        () -> {
          AbstractSocketAddress name = name();
          UnixListener listener = UnixListener.bindMessages(name);
          UnixMessageSocket client = UnixMessageSocket.connect(name);
          try (listener;
              UnixMessageSocket server = listener.acceptMessages();
              Arena arena = Arena.ofConfined()) {
            client.send(bytes(arena, "one"));
            client.send(bytes(arena, "two"));
            client.send(bytes(arena, "three"));
            MemorySegment target = arena.allocate(3);
            assertEquals(3, server.receive(target));
            assertEquals(3, server.receive(target));
            ErrnoException e = assertThrows(ErrnoException.class, () -> server.receive(target));
            assertEquals(Errno.EMSGSIZE, e.errno());
            assertThrows(IllegalArgumentException.class, () -> client.send(target.asSlice(0, 0)));
            assertEquals(ProcessHandle.current().pid(), server.peerCredentials().processId());
            client.close();
            assertEquals(-1, server.receive(target));
            e = assertThrows(ErrnoException.class, () -> server.send(target));
            assertEquals(Errno.EPIPE, e.errno());
            assertThrows(IllegalStateException.class, () -> listener.accept());
          }
        });
  }

  @Test
  void aDescriptorKeepsItsPlaceAmongTheBytes() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket sender = pair.first();
              UnixSocket receiver = pair.second();
              Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            sender.write(bytes(arena, "before"));
            UnixMessage sent = message(arena, "with");
            sent.pass(pipe.sink());
            sender.send(sent);
            sender.write(bytes(arena, "after"));
            pipe.sink().close(); // the passed one is another descriptor of the same pipe

            UnixMessage received = UnixMessage.takingDescriptors(arena.allocate(6));
            assertEquals(6, receiver.receive(received));
            assertNull(received.takeDescriptor(), "it has not been sent with these bytes");
            assertEquals(4, receiver.receive(received), "no bytes that come after it");
            assertEquals("with", text(received));
            Descriptor descriptor = received.takeDescriptor();
            assertNotNull(descriptor);
            assertNull(received.takeDescriptor());
            try (descriptor) {
              descriptor.write(bytes(arena, "through"));
              MemorySegment target = arena.allocate(10);
              assertEquals(7, pipe.source().read(target));
            }
            assertEquals(-1, pipe.source().read(arena.allocate(1)), "it was the last one");
          }
        });
  }

  @Test
  void aDescriptorThatIsNotTakenIsClosed() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixMessageSocket> pair = SocketPair.openMessages();
          try (UnixMessageSocket sender = pair.first();
              UnixMessageSocket receiver = pair.second();
              Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            UnixMessage sent = message(arena, "x");
            MemorySegment target = arena.allocate(10);
            for (UnixMessage received :
                new UnixMessage[] {
                  new UnixMessage(target), UnixMessage.takingDescriptors(target)
                }) {
              sent.pass(pipe.sink());
              sender.send(sent);
              assertEquals(1, receiver.receive(received));
              received.close();
            }
            pipe.sink().close();
            assertEquals(-1, pipe.source().read(target));
          }
        });
  }

  @Test
  void severalDescriptorsArriveInTheirOrderAndAreClosedByExec() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket sender = pair.first();
              UnixSocket receiver = pair.second();
              Pipe first = Pipe.open();
              Pipe second = Pipe.open();
              Arena arena = Arena.ofConfined();
              UnixMessage received = UnixMessage.takingDescriptors(arena.allocate(10))) {
            UnixMessage sent = message(arena, "two");
            sent.pass(second.sink());
            sent.pass(first.sink());
            sender.send(sent);
            sender.send(sent); // passes nothing any more
            assertEquals(3, receiver.receive(received));
            assertEquals(2, received.descriptorCount());
            for (Pipe pipe : new Pipe[] {second, first}) {
              Descriptor descriptor = received.takeDescriptor();
              assertNotNull(descriptor);
              String info = Files.readString(Path.of("/proc/self/fdinfo/" + descriptor.number()));
              assertTrue(info.matches("(?s).*flags:\\s+0?2\\d{6}\n.*"), info); // O_CLOEXEC
              descriptor.write(bytes(arena, "x"));
              descriptor.close();
              assertEquals(1, pipe.source().read(arena.allocate(1)));
            }
            assertEquals(3, receiver.receive(received));
            assertEquals(0, received.descriptorCount());
          }
        });
  }

  @Test
  void aReceiveReportsThatItHadNoRoomForDescriptors() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixMessageSocket> pair = SocketPair.openDatagrams();
          MemorySegment target = Arena.ofAuto().allocate(10);
          try (UnixMessageSocket sender = pair.first();
              UnixMessageSocket receiver = pair.second();
              Pipe pipe = Pipe.open()) {
            UnixMessage one = UnixMessage.takingDescriptors(target, 1);
            UnixMessage sent = message(Arena.ofAuto(), "x");
            for (int i = 0; i < UnixMessage.DESCRIPTORS_MAX; i++) {
              sent.pass(pipe.sink());
            }
            assertThrows(IllegalStateException.class, () -> sent.pass(pipe.sink()));
            sender.send(sent);
            pipe.sink().close();
            assertEquals(1, receiver.peek(one));
            assertFalse(one.hasLostDescriptors(), "they stay with the message");
            assertTrue(receiver.tryReceive(one));
            assertTrue(one.hasLostDescriptors());
            assertEquals(1, one.descriptorCount());
            one.close();
            assertEquals(-1, pipe.source().read(target), "the others were closed");
          }
          assertThrows(
              IllegalArgumentException.class, () -> UnixMessage.takingDescriptors(target, 254));
        });
  }

  @Test
  void aTryThatMustWaitLeavesTheDescriptorsToTheNextOne() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket sender = pair.first();
              UnixSocket receiver = pair.second();
              Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined();
              UnixMessage received = UnixMessage.takingDescriptors(arena.allocate(1 << 20))) {
            UnixMessage filling = new UnixMessage(arena.allocate(1 << 16));
            filling.setLength(1 << 16);
            int waiting = 0;
            for (int sent; (sent = sender.trySend(filling)) > 0; ) {
              waiting += sent;
            }
            UnixMessage last = message(arena, "x");
            last.pass(pipe.sink());
            assertEquals(0, sender.trySend(last));
            for (int count; waiting > 0; waiting -= count) {
              count = receiver.tryReceive(received);
              assertEquals(0, received.descriptorCount());
            }
            assertEquals(0, receiver.tryReceive(received));
            assertEquals(1, sender.trySend(last));
            assertEquals(1, receiver.tryReceive(received));
            assertEquals(1, received.descriptorCount());
          }
        });
  }

  @Test
  void whatHasNoDescriptorCannotBePassed() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          UnixSocket receiver = pair.second();
          try (UnixSocket sender = pair.first();
              Arena arena = Arena.ofConfined()) {
            UnixMessage sent = message(arena, "x");
            assertThrows(IllegalArgumentException.class, () -> sent.pass("a text"));
            sent.pass(receiver);
            sent.setLength(0);
            assertThrows(IllegalArgumentException.class, () -> sender.send(sent));
            receiver.close();
            sent.setLength(1);
            sent.pass(receiver);
            assertThrows(ClosedChannelException.class, () -> sender.send(sent));
          }
        });
  }

  @Test
  void severalFibersReceiveDatagrams() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixMessageSocket> pair = SocketPair.openDatagrams();
          try (UnixMessageSocket sender = pair.first();
              UnixMessageSocket receiver = pair.second();
              Arena arena = Arena.ofConfined()) {
            int[] total = new int[1];
            Fiber[] fibers = new Fiber[4];
            for (int i = 0; i < fibers.length; i++) {
              fibers[i] =
                  Fiber.start(
                      () -> {
                        try (Arena mine = Arena.ofConfined()) {
                          int length = receiver.receive(mine.allocate(10));
                          total[0] += length;
                        }
                      });
            }
            Fiber.yield();
            for (int i = 1; i <= fibers.length; i++) {
              sender.send(arena.allocate(i));
            }
            for (Fiber fiber : fibers) {
              fiber.join();
            }
            assertEquals(1 + 2 + 3 + 4, total[0]);
          }
        });
  }

  @Test
  void addressesAreValues() {
    AbstractSocketAddress name = AbstractSocketAddress.of("name");
    assertEquals(name, AbstractSocketAddress.of("name".getBytes(US_ASCII)));
    assertEquals(name.hashCode(), AbstractSocketAddress.of("name").hashCode());
    assertNotEquals(name, AbstractSocketAddress.of("other"));
    assertEquals("@name", name.toString());
    assertTrue(new String(name.name(), US_ASCII).equals("name"));
  }
}
