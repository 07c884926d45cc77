// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.io.MessageStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class UdpTest {
  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static Datagram datagram(Arena arena, int bytes) {
    return new Datagram(arena.allocate(bytes));
  }

  private static String text(Datagram datagram) {
    return new String(datagram.content().toArray(JAVA_BYTE), US_ASCII);
  }

  private static MemorySegment bytes(Arena arena, String text) {
    return arena.allocateFrom(text).asSlice(0, text.length());
  }

  /** What a call in a fiber is given. */
  private interface Body {
    void run(UdpSocket socket, Arena arena) throws Exception;
  }

  /** Runs {@code body} with a socket bound to a port of the loopback. */
  private static void with(Body body) throws Exception {
    Reactors.run(task(body));
  }

  private static FiberTask task(Body body) {
    return () -> {
      try (UdpSocket socket = UdpSocket.bind(loopback());
          Arena arena = Arena.ofConfined()) {
        body.run(socket, arena);
      }
    };
  }

  /** Sends what arrives back until it is cancelled; a reply that fails does not end it. */
  private static FiberTask echo(UdpSocket socket) {
    return () -> {
      try (Arena arena = Arena.ofConfined()) {
        Datagram datagram = datagram(arena, 65536);
        while (true) {
          socket.receive(datagram);
          try {
            socket.send(datagram);
          } catch (ErrnoException e) {
            assertEquals(Errno.EINVAL, e.errno());
          }
        }
      } catch (AsynchronousCloseException e) {
        // the test has ended
      }
    };
  }

  @Test
  void datagramsOfAllLengthsAreEchoed() throws Exception {
    with(
        (server, arena) -> {
          Fiber.start(echo(server));
          try (UdpSocket client = UdpSocket.open()) {
            Datagram received = datagram(arena, 65536);
            for (int length : new int[] {0, 1, 1472, 1473, 65507}) {
              MemorySegment sent = arena.allocate(Math.max(length, 1)).asSlice(0, length);
              sent.fill((byte) length);
              client.send(sent, server.localAddress());
              client.receive(received);
              assertEquals(length, received.length());
              assertEquals(-1, received.content().mismatch(sent));
              assertEquals(server.localAddress(), received.address());
              assertFalse(received.isTruncated());
            }
          }
        });
  }

  @Test
  void theSendersAddressIsReportedAndReused() throws Exception {
    with(
        (server, arena) -> {
          try (UdpSocket one = UdpSocket.bind(loopback());
              UdpSocket two = UdpSocket.bind(loopback())) {
            Datagram datagram = datagram(arena, 10);
            assertNull(datagram.address());
            one.send(bytes(arena, "a"), server.localAddress());
            server.receive(datagram);
            InetSocketAddress first = datagram.address();
            assertEquals(one.localAddress(), first);
            one.send(bytes(arena, "b"), server.localAddress());
            server.receive(datagram);
            assertSame(first, datagram.address(), "no new object for the same peer");
            two.send(bytes(arena, "c"), server.localAddress());
            server.receive(datagram);
            assertEquals(two.localAddress(), datagram.address());
            assertNotEquals(first, datagram.address());
          }
        });
  }

  @Test
  void aTruncatedDatagramIsReported() throws Exception {
    with(
        (server, arena) -> {
          Datagram datagram = datagram(arena, 3);
          try (UdpSocket client = UdpSocket.connect(server.localAddress())) {
            client.send(bytes(arena, "hello"));
            client.send(bytes(arena, "bye"));
            server.receive(datagram);
            assertEquals("hel", text(datagram));
            assertTrue(datagram.isTruncated());
            server.receive(datagram);
            assertEquals("bye", text(datagram));
            assertFalse(datagram.isTruncated());

            client.send(bytes(arena, "hello"));
            client.send(bytes(arena, "bye"));
            MemorySegment target = arena.allocate(3);
            ErrnoException e = assertThrows(ErrnoException.class, () -> server.receive(target));
            assertEquals(Errno.EMSGSIZE, e.errno());
            assertEquals(3, server.receive(target), "the next one is not affected");
          }
        });
  }

  @Test
  void aConnectedSocketIsAMessageStream() throws Exception {
    with(
        (peer, arena) -> {
          try (MessageStream stream = UdpSocket.connect(peer.localAddress())) {
            stream.send(bytes(arena, "ping"));
            Datagram datagram = datagram(arena, 10);
            peer.receive(datagram);
            peer.send(datagram);
            peer.send(arena.allocate(1).asSlice(0, 0), datagram.address());
            MemorySegment target = arena.allocate(10);
            assertEquals(4, stream.receive(target));
            assertEquals(0, stream.receive(target), "an empty one, not the end");
          }
        });
  }

  @Test
  void anEmptyDatagramToThePeerArrivesOrIsRefused() throws Exception {
    with(
        (peer, arena) -> {
          try (MessageStream stream = UdpSocket.connect(peer.localAddress())) {
            MemorySegment nothing = arena.allocate(1).asSlice(0, 0);
            if (Reactor.current().backend() == BackendKind.SELECTOR) {
              ErrnoException e = assertThrows(ErrnoException.class, () -> stream.send(nothing));
              assertEquals(Errno.EOPNOTSUPP, e.errno());
            } else {
              stream.send(nothing);
              assertEquals(0, peer.receive(arena.allocate(1), Deadline.NEVER));
            }
          }
        });
  }

  @Test
  void anUnconnectedSocketHasNoPeerToSendTo() throws Exception {
    with(
        (socket, arena) -> {
          assertNull(socket.remoteAddress());
          MemorySegment bytes = bytes(arena, "x");
          ErrnoException e = assertThrows(ErrnoException.class, () -> socket.send(bytes));
          assertEquals(Errno.EDESTADDRREQ, e.errno());
          Datagram datagram = new Datagram(bytes);
          e = assertThrows(ErrnoException.class, () -> socket.send(datagram));
          assertEquals(Errno.EDESTADDRREQ, e.errno());
        });
  }

  @Test
  void aRefusedDatagramFailsOneCall() throws Exception {
    Reactors.run(
        () -> {
          UdpSocket gone = UdpSocket.bind(loopback());
          InetSocketAddress address = gone.localAddress();
          gone.close();
          try (UdpSocket socket = UdpSocket.connect(address);
              Arena arena = Arena.ofConfined()) {
            socket.send(bytes(arena, "x"));
            MemorySegment target = arena.allocate(1);
            ErrnoException e = assertThrows(ErrnoException.class, () -> socket.receive(target));
            assertEquals(Errno.ECONNREFUSED, e.errno());
            try (UdpSocket back = UdpSocket.bind(address)) {
              socket.send(bytes(arena, "y"));
              assertEquals(1, back.receive(target));
            }
          }
        });
  }

  /** A server of ioucontext's dies of such a datagram, because the reply to it fails. */
  @Test
  void aReplyToPortZeroFailsAndTheServerContinues() throws Exception {
    with(
        (server, arena) -> {
          Datagram datagram = datagram(arena, 10);
          datagram.setLength(1);
          datagram.setAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
          ErrnoException e = assertThrows(ErrnoException.class, () -> server.send(datagram));
          assertEquals(Errno.EINVAL, e.errno());
          Fiber.start(echo(server));
          try (UdpSocket client = UdpSocket.connect(server.localAddress())) {
            client.send(bytes(arena, "x"));
            assertEquals(1, client.receive(arena.allocate(1)));
          }
        });
  }

  @Test
  void aDatagramThatIsTooLongFailsOneCall() throws Exception {
    with(
        (server, arena) -> {
          try (UdpSocket client = UdpSocket.connect(server.localAddress())) {
            MemorySegment large = arena.allocate(65508);
            ErrnoException e = assertThrows(ErrnoException.class, () -> client.send(large));
            assertEquals(Errno.EMSGSIZE, e.errno());
            client.send(large.asSlice(0, 1));
            assertEquals(1, server.receive(arena.allocate(10)));
          }
        });
  }

  @Test
  void severalFibersReceiveFromOneSocket() throws Exception {
    with(
        (server, arena) -> {
          int[] received = new int[8];
          try (Bundle bundle = Bundle.open();
              UdpSocket client = UdpSocket.connect(server.localAddress())) {
            for (int i = 0; i < received.length; i++) {
              bundle.go(
                  () -> {
                    try (Arena mine = Arena.ofConfined()) {
                      Datagram datagram = datagram(mine, 10);
                      server.receive(datagram);
                      received[datagram.segment().get(JAVA_BYTE, 0)]++;
                    }
                  });
            }
            MemorySegment number = arena.allocate(1);
            for (int i = 0; i < received.length; i++) {
              number.set(JAVA_BYTE, 0, (byte) i);
              client.send(number);
            }
            bundle.await();
          }
          for (int count : received) {
            assertEquals(1, count, () -> Arrays.toString(received));
          }
        });
  }

  @Test
  void oneDatagramObjectIsUsedByOneFiber() throws Exception {
    with(
        (server, arena) -> {
          Datagram datagram = datagram(arena, 10);
          Fiber other =
              Fiber.start(
                  () ->
                      assertThrows(
                          AsynchronousCloseException.class, () -> server.receive(datagram)));
          Fiber.yield();
          assertThrows(IllegalStateException.class, () -> server.receive(datagram));
          assertThrows(IllegalStateException.class, () -> server.send(datagram));
          server.close();
          other.join();
        });
  }

  @Test
  void aReceiveEndsAtItsDeadline() throws Exception {
    with(
        (server, arena) -> {
          Datagram datagram = datagram(arena, 10);
          assertThrows(
              DeadlineExceededException.class,
              () -> server.receive(datagram, Deadline.after(Duration.ofMillis(1))));
          try (UdpSocket client = UdpSocket.open()) {
            client.send(bytes(arena, "x"), server.localAddress());
          }
          server.receive(datagram);
          assertEquals("x", text(datagram), "nothing was lost");
        });
  }

  @Test
  void aClosedSocketRefusesAllCalls() throws Exception {
    with(
        (server, arena) -> {
          InetSocketAddress address = server.localAddress();
          assertTrue(server.isOpen());
          server.close();
          server.close();
          assertFalse(server.isOpen());
          Datagram datagram = datagram(arena, 1);
          assertThrows(ClosedChannelException.class, () -> server.receive(datagram));
          assertThrows(
              ClosedChannelException.class, () -> server.send(datagram.segment(), address));
          UdpSocket.bind(address).close();
        });
  }

  @Test
  void aPortIsTakenOnce() throws Exception {
    with(
        (server, arena) -> {
          ErrnoException e =
              assertThrows(ErrnoException.class, () -> UdpSocket.bind(server.localAddress()));
          assertEquals(Errno.EADDRINUSE, e.errno(), "REUSE_ADDRESS would let another one have it");
        });
  }

  @Test
  void theWildcardTakesBothFamilies() throws Exception {
    Reactors.run(
        () -> {
          try (UdpSocket server = UdpSocket.bind(new InetSocketAddress(0));
              UdpSocket client = UdpSocket.open();
              Arena arena = Arena.ofConfined()) {
            Datagram datagram = datagram(arena, 10);
            for (String host : new String[] {"127.0.0.1", "::1"}) {
              InetAddress ip = InetAddress.ofLiteral(host);
              client.send(
                  bytes(arena, host), new InetSocketAddress(ip, server.localAddress().getPort()));
              server.receive(datagram);
              assertEquals(host, text(datagram).substring(0, datagram.length()));
              assertEquals(ip, datagram.address().getAddress());
              server.send(datagram);
              client.receive(datagram);
              assertEquals(ip, datagram.address().getAddress());
            }
          }
        });
  }

  @Test
  void badArgumentsAreRefused() throws Exception {
    with(
        (server, arena) -> {
          InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
          assertThrows(UnknownHostException.class, () -> UdpSocket.bind(unresolved));
          assertThrows(UnknownHostException.class, () -> UdpSocket.connect(unresolved));
          assertThrows(
              UnknownHostException.class, () -> server.send(arena.allocate(1), unresolved));
          Datagram datagram = new Datagram(MemorySegment.ofArray(new byte[10]));
          IllegalArgumentException e =
              assertThrows(IllegalArgumentException.class, () -> server.receive(datagram));
          assertTrue(e.getMessage().contains("native"), e.getMessage());
          assertThrows(IndexOutOfBoundsException.class, () -> datagram.setLength(11));
          assertThrows(IndexOutOfBoundsException.class, () -> datagram.setLength(-1));
        });
  }

  @Test
  void messagesNameTheSocket() throws Exception {
    with(
        (server, arena) -> {
          int port = server.localAddress().getPort();
          assertEquals("UDP 127.0.0.1:" + port, server.toString());
          try (UdpSocket client = UdpSocket.connect(server.localAddress())) {
            assertEquals("UDP to 127.0.0.1:" + port, client.toString());
          }
        });
  }

  @Test
  void outsideAReactorNothingOpens() throws IOException {
    assertThrows(WrongThreadException.class, UdpSocket::open);
  }

  @Test
  void aReplyComesFromTheAddressThatTheDatagramWasSentTo() throws Exception {
    Reactors.run(
        () -> {
          SocketOptions options = SocketOptions.defaults().with(SocketOption.PACKET_INFO, true);
          InetSocketAddress any = new InetSocketAddress(0);
          if (Reactor.current().backend() == BackendKind.SELECTOR) {
            assertThrows(UnsupportedOperationException.class, () -> UdpSocket.bind(any, options));
            return;
          }
          try (UdpSocket server = UdpSocket.bind(any, options);
              UdpSocket client = UdpSocket.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            Datagram request = datagram(arena, 10);
            Datagram answer = datagram(arena, 10);
            for (String literal : new String[] {"127.0.0.1", "127.0.0.2"}) {
              InetAddress address = InetAddress.ofLiteral(literal);
              InetSocketAddress to =
                  new InetSocketAddress(address, server.localAddress().getPort());
              client.send(bytes(arena, "ping"), to);
              server.receive(request);
              assertEquals(address, request.localAddress());
              assertTrue(server.trySend(request));
              client.receive(answer);
              assertEquals(to, answer.address());
              assertEquals("ping", text(answer));
              server.send(request);
              client.receive(answer);
              assertEquals(to, answer.address());
            }
          }
        });
  }

  @Test
  void aLocalAddressIsChosenForASend() throws Exception {
    with(
        (socket, arena) -> {
          Datagram sent = datagram(arena, 10);
          sent.setAddress(socket.localAddress());
          InetAddress other = InetAddress.ofLiteral("127.0.0.2");
          sent.setLocalAddress(other);
          try (UdpSocket sender = UdpSocket.bind(new InetSocketAddress(0))) {
            if (Reactor.current().backend() == BackendKind.SELECTOR) {
              assertThrows(UnsupportedOperationException.class, () -> sender.send(sent));
              return;
            }
            sender.send(sent);
            Datagram received = datagram(arena, 10);
            socket.receive(received);
            assertEquals(
                new InetSocketAddress(other, sender.localAddress().getPort()), received.address());
            assertNull(received.localAddress(), "without the option");
          }
        });
  }

  @Test
  void aDatagramThatIsPeekedAtIsReceivedLater() throws Exception {
    with(
        (socket, arena) -> {
          try (UdpSocket sender = UdpSocket.open()) {
            Datagram seen = datagram(arena, 10);
            assertThrows(DeadlineExceededException.class, () -> socket.peek(seen, Deadline.NOW));
            sender.send(bytes(arena, "hello"), socket.localAddress());
            assertEquals(5, socket.peek(seen));
            assertEquals("hello", text(seen));
            assertEquals(5, socket.receive(seen, Deadline.NOW));
            assertEquals("hello", text(seen));
            assertFalse(socket.tryReceive(seen));
          }
        });
  }
}
