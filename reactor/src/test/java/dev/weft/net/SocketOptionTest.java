// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Options of sockets by name. */
class SocketOptionTest {
  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  private static boolean onSelector() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  private static TcpSocket connect(TcpListener listener, SocketOptions options) throws IOException {
    return TcpSocket.connect(listener.localAddress(), options, Deadline.NEVER);
  }

  @Test
  void optionsAreReadAndChangedOnOpenSockets() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
            assertTrue(socket.getOption(SocketOption.NO_DELAY));
            socket.setOption(SocketOption.NO_DELAY, false);
            assertFalse(socket.getOption(SocketOption.NO_DELAY));
            socket.setNoDelay(true);
            assertTrue(socket.getOption(SocketOption.NO_DELAY));

            socket.setOption(SocketOption.KEEP_IDLE, Duration.ofMillis(59_001));
            assertEquals(Duration.ofSeconds(60), socket.getOption(SocketOption.KEEP_IDLE));
            socket.setOption(SocketOption.KEEP_COUNT, 2);
            assertEquals(2, socket.getOption(SocketOption.KEEP_COUNT));
            socket.setOption(SocketOption.USER_TIMEOUT, Duration.ofNanos(1_000_001));
            assertEquals(Duration.ofMillis(2), socket.getOption(SocketOption.USER_TIMEOUT));
            socket.setOption(SocketOption.TRAFFIC_CLASS, 0x28);
            assertEquals(0x28, socket.getOption(SocketOption.TRAFFIC_CLASS));
            socket.setOption(SocketOption.SEND_BUFFER, 10_000);
            assertEquals(20_000, socket.getOption(SocketOption.SEND_BUFFER));
          }
        });
  }

  @Test
  void aNegativeValueIsNoError() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
            assertTrue(socket.getOption(SocketOption.LINGER).isNegative());
            socket.setOption(SocketOption.LINGER, Duration.ZERO);
            assertEquals(Duration.ZERO, socket.getOption(SocketOption.LINGER));
            socket.setOption(SocketOption.LINGER, Duration.ofSeconds(-5));
            assertEquals(Duration.ofSeconds(-1), socket.getOption(SocketOption.LINGER));
          }
        });
  }

  @Test
  void anOptionThatTheBackendDoesNotHaveIsRefusedByName() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
            SocketOptions corked = SocketOptions.defaults().with(SocketOption.CORK, true);
            if (!onSelector()) {
              socket.setOption(SocketOption.CORK, true);
              assertTrue(socket.getOption(SocketOption.CORK));
              try (TcpSocket other = connect(listener, corked)) {
                assertTrue(other.getOption(SocketOption.CORK));
              }
              return;
            }
            UnsupportedOperationException e =
                assertThrows(
                    UnsupportedOperationException.class,
                    () -> socket.setOption(SocketOption.CORK, true));
            assertEquals("setsockopt CORK: the selector backend can't do that", e.getMessage());
            assertThrows(
                UnsupportedOperationException.class, () -> socket.getOption(SocketOption.CORK));
            assertThrows(UnsupportedOperationException.class, () -> connect(listener, corked));
          }
        });
  }

  @Test
  void anOptionThatTheSystemRefusesIsNamed() throws Exception {
    Reactors.run(
        () -> {
          if (onSelector()) {
            return;
          }
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> socket.getOption(SocketOption.IPV6_ONLY));
            assertEquals(Errno.EOPNOTSUPP, e.errno());
            assertEquals("getsockopt IPV6_ONLY", e.operation());
          }
        });
  }

  @Test
  void aValueThatAnOptionCantHaveIsRefusedBeforeASocketIsMade() {
    SocketOptions options = SocketOptions.defaults();
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> options.with(SocketOption.KEEP_COUNT, 128));
    assertEquals("KEEP_COUNT must be from 1 to 127: 128", e.getMessage());
    e =
        assertThrows(
            IllegalArgumentException.class,
            () -> options.with(SocketOption.KEEP_IDLE, Duration.ZERO));
    assertEquals("KEEP_IDLE must be from PT1S to PT9H6M7S: PT0S", e.getMessage());
    for (Duration timeout : new Duration[] {Duration.ofDays(25), Duration.ofNanos(-1)}) {
      assertThrows(IllegalArgumentException.class, () -> options.withUserTimeout(timeout));
    }
    assertThrows(
        IllegalArgumentException.class, () -> options.with(SocketOption.TRAFFIC_CLASS, 256));
    assertThrows(IllegalArgumentException.class, () -> options.withBufferBytes(-1, 0));
    assertThrows(IllegalArgumentException.class, () -> options.withLinger(Duration.ofSeconds(-1)));
    assertEquals(
        Duration.ofSeconds(Integer.MAX_VALUE),
        options.withLinger(Duration.ofSeconds(Long.MAX_VALUE)).get(SocketOption.LINGER));
  }

  @Test
  void optionsRememberWhatTheyWereGiven() {
    SocketOptions options = SocketOptions.defaults().with(SocketOption.KEEP_ALIVE, true);
    assertTrue(options.has(SocketOption.KEEP_ALIVE));
    assertFalse(SocketOptions.defaults().has(SocketOption.KEEP_ALIVE));
    assertNull(options.get(SocketOption.SEND_BUFFER));
    SocketOptions sized = options.withBufferBytes(0, 5000);
    assertEquals(5000, sized.get(SocketOption.SEND_BUFFER));
    assertNull(sized.withBufferBytes(0, 0).get(SocketOption.SEND_BUFFER));
    assertNull(sized.without(SocketOption.KEEP_ALIVE).get(SocketOption.KEEP_ALIVE));
    assertEquals(
        "SocketOptions[REUSE_ADDRESS=1, NO_DELAY=1, KEEP_ALIVE=1, backlog=4096]",
        options.toString());
  }

  @Test
  void acceptedConnectionsHaveTheOptionsThatTheirListenerHasThen() throws Exception {
    Reactors.run(
        () -> {
          SocketOptions options =
              SocketOptions.defaults()
                  .with(SocketOption.KEEP_ALIVE, true)
                  .with(SocketOption.KEEP_INTERVAL, Duration.ofSeconds(7));
          try (TcpListener listener = TcpListener.bind(loopback(), options)) {
            listener.setOption(SocketOption.KEEP_IDLE, Duration.ofSeconds(70));
            assertTrue(listener.getOption(SocketOption.KEEP_ALIVE));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = listener.accept()) {
              assertTrue(server.getOption(SocketOption.KEEP_ALIVE));
              assertEquals(Duration.ofSeconds(7), server.getOption(SocketOption.KEEP_INTERVAL));
              assertEquals(Duration.ofSeconds(70), server.getOption(SocketOption.KEEP_IDLE));
              assertFalse(client.getOption(SocketOption.KEEP_ALIVE));
            }
          }
        });
  }

  @Test
  void aConnectionStartsAtTheAddressThatItIsGiven() throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress local = new InetSocketAddress("127.0.0.3", 0);
          SocketOptions options = SocketOptions.defaults().withLocalAddress(local);
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = connect(listener, options);
              TcpSocket server = listener.accept()) {
            assertEquals(local.getAddress(), server.remoteAddress().getAddress());
            assertEquals(client.localAddress(), server.remoteAddress());
          }
          assertThrows(IllegalArgumentException.class, () -> TcpListener.bind(loopback(), options));
        });
  }

  @Test
  void aLocalAddressOfAnotherFamilyOrHostIsReported() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            for (String host : new String[] {"::1", "192.0.2.1"}) {
              InetSocketAddress local = new InetSocketAddress(host, 0);
              SocketOptions options = SocketOptions.defaults().withLocalAddress(local);
              ErrnoException e =
                  assertThrows(ErrnoException.class, () -> connect(listener, options));
              Errno expected = host.equals("::1") ? Errno.EAFNOSUPPORT : Errno.EADDRNOTAVAIL;
              assertEquals(expected, e.errno());
              assertEquals("bind", e.operation());
            }
          }
        });
  }

  @Test
  void aFastOpenConnectionSendsItsFirstBytesWithTheHandshake() throws Exception {
    Reactors.run(
        () -> {
          if (onSelector()) {
            return;
          }
          SocketOptions queue = SocketOptions.defaults().with(SocketOption.FAST_OPEN_QUEUE, 10);
          SocketOptions early = SocketOptions.defaults().with(SocketOption.FAST_OPEN_CONNECT, true);
          try (TcpListener listener = TcpListener.bind(loopback(), queue);
              Arena arena = Arena.ofShared()) {
            assertEquals(10, listener.getOption(SocketOption.FAST_OPEN_QUEUE));
            for (int i = 0; i < 2; i++) { // the first one gets the cookie
              try (TcpSocket client = connect(listener, early)) {
                client.write(arena.allocateFrom("abc"));
                try (TcpSocket server = listener.accept()) {
                  MemorySegment bytes = arena.allocate(4);
                  server.readFully(bytes);
                  assertEquals("abc", bytes.getString(0));
                }
              }
            }
          }
        });
  }

  @Test
  void aClosedSocketHasNoOptions() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          TcpSocket socket = TcpSocket.connect(listener.localAddress());
          socket.close();
          listener.close();
          assertThrows(ClosedChannelException.class, () -> socket.getOption(SocketOption.NO_DELAY));
          assertThrows(
              ClosedChannelException.class,
              () -> listener.setOption(SocketOption.KEEP_ALIVE, true));
        });
  }
}
