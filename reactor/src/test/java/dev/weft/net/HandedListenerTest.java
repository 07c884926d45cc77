// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.net.TcpServerTest.ANY_PORT;
import static dev.weft.net.TcpServerTest.ask;
import static dev.weft.net.TcpServerTest.isAtEnd;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.ReactorGroup;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.Pipe;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Listening sockets that are passed on, and taken over. */
@Tag("needs-io-uring")
class HandedListenerTest {
  private static final ServerOptions BY_LOAD =
      ServerOptions.defaults().withDistribution(Distribution.BY_LOAD);

  /** Passes a socket through a Unix socket, as to another process; returns the descriptor there. */
  static int passed(Object open) throws IOException {
    SocketPair<UnixMessageSocket> pair = SocketPair.openMessages();
    try (UnixMessageSocket sender = pair.first();
        UnixMessageSocket receiver = pair.second();
        Arena arena = Arena.ofConfined()) {
      UnixMessage message = new UnixMessage(arena.allocate(1));
      message.setLength(1);
      message.pass(open);
      sender.send(message);
      UnixMessage received = UnixMessage.takingDescriptors(arena.allocate(1));
      receiver.receive(received);
      Descriptor descriptor = received.takeDescriptor();
      assertNotNull(descriptor);
      return descriptor.release();
    }
  }

  @Test
  void aListenerGoesOnWithWhatWaitsInItsBacklog() throws Exception {
    Reactors.run(
        () -> {
          TcpListener old = TcpListener.bind(ANY_PORT);
          try (TcpListener taken = TcpListener.adopt(passed(old))) {
            old.close();
            assertEquals(old.localAddress(), taken.localAddress());
            try (TcpSocket client = TcpSocket.connect(taken.localAddress());
                TcpSocket accepted = taken.accept()) {
              assertEquals(client.localAddress(), accepted.remoteAddress());
            }
          }
        });
  }

  @Test
  void aUnixListenerGoesOn() throws Exception {
    AbstractSocketAddress name = AbstractSocketAddress.of("weft-test-" + UUID.randomUUID());
    Reactors.run(
        () -> {
          UnixListener streams = UnixListener.bind(name);
          try (UnixListener taken = UnixListener.adopt(passed(streams))) {
            streams.close();
            assertEquals(name, taken.localAddress());
            UnixSocket.connect(name).close();
            taken.accept().close();
          }
          UnixListener messages = UnixListener.bindMessages(name);
          try (UnixListener taken = UnixListener.adopt(passed(messages))) {
            messages.close();
            UnixMessageSocket.connect(name).close();
            taken.acceptMessages().close();
          }
        });
  }

  private static void assertRefused(String reason, ThrowingAdoption adoption, Object open)
      throws IOException {
    int number = passed(open);
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> adoption.adopt(number));
    assertEquals("descriptor " + number + reason, e.getMessage());
    new Descriptor(EventLoop.require("test"), number).close();
  }

  private static UnixSocket oneOf(SocketPair<UnixSocket> pair) {
    pair.second().close();
    return pair.first();
  }

  private interface ThrowingAdoption {
    Object adopt(int number) throws IOException;
  }

  @Test
  void whatCanNotListenIsRefusedAndStaysOpen() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY_PORT);
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              UdpSocket datagrams = UdpSocket.bind(ANY_PORT);
              UnixSocket end = oneOf(SocketPair.open());
              Pipe pipe = Pipe.open()) {
            String cannot = " is connected or has no address: it can't listen";
            assertRefused(cannot, TcpListener::adopt, client);
            assertRefused(" is not a socket for STREAM", TcpListener::adopt, datagrams);
            assertRefused(" is not a socket for STREAM", TcpListener::adopt, pipe.source());
            assertRefused(" is not a Unix socket", UnixListener::adopt, listener);
            assertRefused(cannot, UnixListener::adopt, end);
          }
          ErrnoException e = assertThrows(ErrnoException.class, () -> TcpListener.adopt(1 << 20));
          assertEquals(Errno.EBADF, e.errno());
        });
  }

  @Test
  void aDescriptorThatWasReleasedIsClosedForItsOwner() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            Descriptor first = new Descriptor(EventLoop.require("test"), passed(pipe.sink()));
            int number = first.release();
            assertEquals(-1, first.number());
            assertThrows(ClosedChannelException.class, first::release);
            first.close();

            Descriptor second = new Descriptor(EventLoop.require("test"), number);
            try (Arena arena = Arena.ofConfined()) {
              second.write(arena.allocate(3));
              assertEquals(3, pipe.source().read(arena.allocate(5)));
            }
            second.close();
          }
        });
  }

  // ---- servers

  private static void ask(InetSocketAddress address, int number) throws IOException {
    try (TcpSocket client = TcpSocket.connect(address)) {
      TcpServerTest.ask(client, number);
      client.shutdownOutput();
      assertTrue(isAtEnd(client));
    }
  }

  private static ReactorGroup start(int count) throws Exception {
    return ReactorGroup.start("group", count, Reactors.options());
  }

  @Test
  void aServerOfAGroupTakesOverAListener() throws Exception {
    for (Distribution distribution : Distribution.values()) {
      ServerOptions options = ServerOptions.defaults().withDistribution(distribution);
      Reactors.run(
          () -> {
            TcpListener listener = TcpListener.bind(ANY_PORT);
            int passed = passed(listener);
            listener.close();
            try (ReactorGroup group = start(2);
                TcpServer server = TcpServer.start(group, passed, options, TcpServerTest::echo)) {
              assertEquals(listener.localAddress(), server.localAddress());
              for (int i = 0; i < 20; i++) {
                ask(server.localAddress(), i);
              }
              assertEquals(20, server.accepted());
            }
          });
    }
  }

  @Test
  void aServerCanNotTakeOverWhatIsNoListener() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              ReactorGroup group = start(2)) {
            int passed = passed(pipe.sink());
            assertThrows(
                IllegalArgumentException.class,
                () -> TcpServer.start(group, passed, BY_LOAD, TcpServerTest::echo));
            new Descriptor(EventLoop.require("test"), passed).close();
          }
        });
  }

  /** Connects again and again; every connection must be answered. */
  private static void load(InetSocketAddress address, boolean[] isOver, int[] answered)
      throws IOException {
    while (!isOver[0]) {
      ask(address, answered[0]);
      answered[0]++;
    }
  }

  @Test
  void noConnectionIsLostWhenAServerTakesOver() throws Exception {
    for (Distribution distribution : Distribution.values()) {
      ServerOptions options = ServerOptions.defaults().withDistribution(distribution);
      Reactors.run(() -> replace(options));
    }
  }

  private static void replace(ServerOptions options) throws Exception {
    boolean[] isOver = new boolean[1];
    int[] answered = new int[1];
    try (ReactorGroup oldGroup = start(2);
        ReactorGroup newGroup = start(2);
        TcpServer old = TcpServer.start(oldGroup, ANY_PORT, options, TcpServerTest::echo);
        Bundle clients = Bundle.open()) {
      for (int i = 0; i < 4; i++) {
        clients.go(() -> load(old.localAddress(), isOver, answered));
      }
      await(answered, 50);
      List<TcpServer> others = new ArrayList<>();
      for (Descriptor descriptor : old.duplicateListeners()) {
        others.add(TcpServer.start(newGroup, descriptor.release(), options, TcpServerTest::echo));
      }
      old.shutdown(Deadline.NEVER);
      await(answered, answered[0] + 50);
      isOver[0] = true;
      clients.await();
      long accepted = old.accepted();
      for (TcpServer other : others) {
        accepted += other.accepted();
        other.close();
      }
      assertEquals(answered[0], accepted);
    }
  }

  private static void await(int[] answered, int count) {
    while (answered[0] < count) {
      Fiber.yield();
    }
  }

  @Test
  void aStoppedServerHasNoListeners() throws Exception {
    Reactors.run(
        () -> {
          TcpServer server = TcpServer.start(ANY_PORT, TcpServerTest::echo);
          List<Descriptor> descriptors = server.duplicateListeners();
          assertEquals(1, descriptors.size());
          descriptors.getFirst().close();
          server.close();
          assertThrows(ClosedChannelException.class, server::duplicateListeners);
        });
  }
}
