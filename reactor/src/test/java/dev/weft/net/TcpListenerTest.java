// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Leak;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TcpListenerTest {
  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void aPortInUseIsReportedWithItsAddress() throws Exception {
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
  void listenersMaySharePortsWithReusePort() throws Exception {
    Reactors.run(
        () -> {
          SocketOptions shared = SocketOptions.defaults().withReusePort(true);
          try (TcpListener one = TcpListener.bind(loopback(), shared);
              TcpListener other = TcpListener.bind(one.localAddress(), shared)) {
            assertEquals(one.localAddress(), other.localAddress());
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"::", "0.0.0.0"})
  void aWildcardAcceptsClientsOfBothFamilies(String wildcard) throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getByName(wildcard), 0);
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

  @ParameterizedTest
  @CsvSource({"false, 0.0.0.0, ::1, 127.0.0.1", "true, 0.0.0.0, 127.0.0.1, ::1"})
  void aWildcardAcceptsOneFamilyIfConfigured(boolean ipv6, String wildcard, String no, String yes)
      throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getByName(wildcard), 0);
          SocketOptions defaults = SocketOptions.defaults();
          SocketOptions options =
              ipv6 ? defaults.with(SocketOption.IPV6_ONLY, true) : defaults.withIpv4Only(true);
          if (ipv6 && Reactor.current().backend() == BackendKind.SELECTOR) {
            assertThrows(UnsupportedOperationException.class, () -> TcpListener.bind(any, options));
            return;
          }
          try (TcpListener listener = TcpListener.bind(any, options)) {
            int port = listener.localAddress().getPort();
            TcpSocket.connect(new InetSocketAddress(yes, port)).close();
            InetSocketAddress other = new InetSocketAddress(no, port);
            ErrnoException e = assertThrows(ErrnoException.class, () -> TcpSocket.connect(other));
            assertEquals(Errno.ECONNREFUSED, e.errno());
          }
        });
    assertThrows(
        IllegalArgumentException.class,
        () -> SocketOptions.defaults().withIpv4Only(true).with(SocketOption.IPV6_ONLY, true));
  }

  @Test
  void anUnresolvedAddressIsAnUnknownHost() throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress nowhere = InetSocketAddress.createUnresolved("nowhere.invalid", 7);
          assertEquals(
              "nowhere.invalid",
              assertThrows(UnknownHostException.class, () -> TcpListener.bind(nowhere))
                  .getMessage());
          assertEquals(
              "nowhere.invalid",
              assertThrows(UnknownHostException.class, () -> TcpSocket.connect(nowhere))
                  .getMessage());
        });
  }

  @Test
  void closingAListenerFailsCurrentAndLaterAccepts() throws Exception {
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
  void unacceptedConnectionsAreClosedWithTheListener() throws Exception {
    Reactors.run(
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          TcpSocket first = TcpSocket.connect(listener.localAddress());
          TcpSocket fetched = listener.accept(); // starts the multishot accept
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
  void theKernelsAcceptIsStoppedWhileTheListenersQueueIsFull() throws Exception {
    int count = 1500; // more than the listener queues
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            List<TcpSocket> clients = new ArrayList<>();
            clients.add(TcpSocket.connect(listener.localAddress()));
            listener.accept().close();
            int before = openSockets();
            for (int i = 1; i < count; i++) {
              clients.add(TcpSocket.connect(listener.localAddress()));
            }
            int accepted = openSockets() - before - (count - 1);
            assertTrue(accepted >= 1024 && accepted < count - 1, accepted + " are accepted");
            for (int i = 1; i < count; i++) {
              listener.accept().close();
            }
            for (TcpSocket client : clients) {
              client.close();
            }
          }
        });
  }

  /** The number of open sockets of this process. */
  private static int openSockets() throws IOException {
    int sockets = 0;
    try (DirectoryStream<Path> descriptors =
        Files.newDirectoryStream(Path.of("/proc/self/fd"), Files::isSymbolicLink)) {
      for (Path descriptor : descriptors) {
        sockets += isSocket(descriptor) ? 1 : 0;
      }
    }
    return sockets;
  }

  private static boolean isSocket(Path descriptor) throws IOException {
    try {
      return Files.readSymbolicLink(descriptor).toString().startsWith("socket:");
    } catch (NoSuchFileException e) {
      return false; // it was closed meanwhile, as the descriptor of the listed folder is
    }
  }

  @Test
  void aListenerLeftOpenIsClosedByTheReactor() throws Exception {
    List<Leak> leaks = new ArrayList<>();
    InetSocketAddress[] address = new InetSocketAddress[1];
    Reactors.run(
        Reactors.options()
            .withLeakHandler(
                leak -> {
                  if (leak.reason() == Leak.Reason.REACTOR_CLOSED) { // not a leak of another test
                    leaks.add(leak);
                  }
                }),
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          address[0] = listener.localAddress();
          Fiber acceptor =
              Fiber.start(() -> assertThrows(CancelledException.class, listener::accept));
          Fiber.yield();
          acceptor.cancel(); // the multishot accept stays in the kernel until the reactor closes
        });

    assertEquals(1, leaks.size(), leaks::toString);
    Reactors.run(() -> TcpListener.bind(address[0]).close());
  }
}
