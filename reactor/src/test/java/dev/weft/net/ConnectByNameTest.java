// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.net.StandardProtocolFamily.INET;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.net.JdkHostLookup;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConnectByNameTest {
  private static final Deadline NOT_REACHED = Deadline.NEVER;

  /** A resolver that knows one host, by IPv4 addresses. */
  private static HostResolver knowing(String host, String... addresses) {
    return (name, family, deadline) -> {
      if (!name.equals(host)) {
        throw new UnknownHostException(name + ": not in the table");
      }
      return family == INET
          ? Arrays.stream(addresses).map(InetAddress::ofLiteral).toList()
          : List.of();
    };
  }

  private static TcpListener listenOn(String address) throws IOException {
    return TcpListener.bind(new InetSocketAddress(InetAddress.ofLiteral(address), 0));
  }

  @Test
  void aConnectionGoesToTheAddressThatAnswers() throws Exception {
    Reactors.run(
        () -> {
          HostResolver.setCurrent(knowing("one.test", "127.0.0.3", "127.0.0.2"));
          try (TcpListener listener = listenOn("127.0.0.2")) {
            int port = listener.localAddress().getPort();
            try (TcpSocket client = TcpSocket.connect("one.test", port, NOT_REACHED);
                TcpSocket server = listener.accept()) {
              assertEquals("127.0.0.2", client.remoteAddress().getAddress().getHostAddress());
              assertEquals(client.localAddress(), server.remoteAddress());
            }
          }
        });
  }

  @Test
  void theOptionsApplyToTheSocket() throws Exception {
    Reactors.run(
        () -> {
          HostResolver.setCurrent(knowing("one.test", "127.0.0.1"));
          try (TcpListener listener = listenOn("127.0.0.1")) {
            int port = listener.localAddress().getPort();
            SocketOptions resetting = SocketOptions.defaults().withLinger(Duration.ZERO);
            TcpSocket.connect("one.test", port, resetting, NOT_REACHED).close();
            try (TcpSocket server = listener.accept();
                Arena arena = Arena.ofConfined()) {
              MemorySegment target = arena.allocate(1);
              ErrnoException e =
                  assertThrows(ErrnoException.class, () -> server.read(target, NOT_REACHED));
              assertEquals(Errno.ECONNRESET, e.errno());
            }
          }
        });
  }

  @Test
  void theFailuresOfAllAddressesAreReported() throws Exception {
    Reactors.run(
        () -> {
          HostResolver.setCurrent(knowing("one.test", "127.0.0.1", "127.0.0.2"));
          int port;
          try (TcpListener listener = listenOn("127.0.0.3")) {
            port = listener.localAddress().getPort(); // in use, so that no other test gets it
            ErrnoException e =
                assertThrows(ErrnoException.class, () -> TcpSocket.connect("one.test", port));
            assertEquals(
                "connect one.test:" + port + ": ECONNREFUSED (Connection refused)", e.getMessage());
            assertEquals(
                List.of(
                    "connect 127.0.0.1:" + port + ": ECONNREFUSED (Connection refused)",
                    "connect 127.0.0.2:" + port + ": ECONNREFUSED (Connection refused)"),
                Arrays.stream(e.getSuppressed()).map(Throwable::getMessage).toList());
          }
        });
  }

  @Test
  void anUnknownHostIsReported() throws Exception {
    Reactors.run(
        () -> {
          HostResolver.setCurrent(knowing("one.test"));
          UnknownHostException e =
              assertThrows(UnknownHostException.class, () -> TcpSocket.connect("two.test", 80));
          assertEquals("two.test: not in the table", e.getMessage());
        });
  }

  @Test
  void theDeadlineAppliesToTheLookup() throws Exception {
    Reactors.run(
        () -> {
          Channel<List<InetAddress>> silent = Channel.rendezvous();
          HostResolver.setCurrent((host, family, deadline) -> silent.receive(deadline));
          Deadline soon = Deadline.after(Duration.ofMillis(1));
          DeadlineExceededException e =
              assertThrows(
                  DeadlineExceededException.class, () -> TcpSocket.connect("one.test", 80, soon));
          assertTrue(e.getMessage().startsWith("connect one.test:80: "), e.getMessage());
        });
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1, 127.0.0.1", "::1, ::1", "[::1], ::1"})
  void anAddressIsConnectedToWithoutALookup(String host, String address) throws Exception {
    Reactors.run(
        () -> {
          HostResolver.setCurrent(knowing("nothing"));
          try (TcpListener listener = listenOn(address)) {
            int port = listener.localAddress().getPort();
            try (TcpSocket client = TcpSocket.connect(host, port)) {
              assertEquals(InetAddress.ofLiteral(address), client.remoteAddress().getAddress());
            }
          }
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "[127.0.0.1]", "::x", "[one.test]"})
  void aHostThatIsNeitherNameNorAddressIsRefused(String host) throws Exception {
    Reactors.run(
        () -> {
          HostResolver.setCurrent(knowing(host, "127.0.0.1"));
          assertThrows(UnknownHostException.class, () -> TcpSocket.connect(host, 80));
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void aPortThatIsNoneIsRefused(int port) throws Exception {
    Reactors.run(
        () -> {
          IllegalArgumentException e =
              assertThrows(
                  IllegalArgumentException.class, () -> TcpSocket.connect("one.test", port));
          assertEquals("port must be from 1 to 65535: " + port, e.getMessage());
        });
  }

  @Test
  void withoutAServiceTheJdkIsAskedOffTheLoop() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = listenOn("127.0.0.1")) {
            int port = listener.localAddress().getPort();
            try (TcpSocket client = TcpSocket.connect("localhost", port)) {
              assertTrue(client.remoteAddress().getAddress().isLoopbackAddress());
            }
          }
          assertSame(HostResolver.current(), HostResolver.current());
        });
  }

  @Test
  void theJdksAddressesAreThoseOfTheFamily() throws Exception {
    Reactors.run(
        () -> {
          for (StandardProtocolFamily family :
              List.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6)) {
            for (InetAddress address : JdkHostLookup.resolve("localhost", family, NOT_REACHED)) {
              assertEquals(family == INET, address instanceof Inet4Address, address::toString);
            }
          }
        });
  }

  @Test
  void eachReactorHasAResolverOfItsOwn() throws Exception {
    HostResolver mine = knowing("one.test");
    Reactors.run(
        () -> {
          HostResolver.setCurrent(mine);
          assertSame(mine, HostResolver.current());
        });
    Reactors.run(() -> assertTrue(HostResolver.current() != mine));
  }
}
