// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.dns.spi.SystemHostResolver;
import dev.weft.net.HostResolver;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class SystemHostResolverTest {
  private static void run(FiberTask task) throws Exception {
    ReactorOptions unpinned = ReactorOptions.defaults().withCpu(ReactorOptions.UNPINNED);
    try (Reactor reactor = Reactor.open(unpinned)) {
      reactor.run(task);
    }
  }

  @Test
  void connectionsByNameUseDns() throws Exception {
    run(
        () -> {
          assertEquals(SystemHostResolver.class, HostResolver.current().getClass());
          InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
          try (TcpListener listener = TcpListener.bind(new InetSocketAddress(loopback, 0));
              TcpSocket client =
                  TcpSocket.connect("localhost", listener.localAddress().getPort())) {
            assertEquals(loopback, client.remoteAddress().getAddress());
          }
        });
  }

  @Test
  void aResolverCanBeSetForConnections() throws Exception {
    Scenario.onSockets(
        (server, resolver) -> {
          server.with("one.test", "A 127.0.0.1");
          HostResolver.setCurrent(resolver);
          InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
          try (TcpListener listener = TcpListener.bind(new InetSocketAddress(loopback, 0));
              TcpSocket client = TcpSocket.connect("one.test", listener.localAddress().getPort())) {
            assertTrue(client.isOpen());
          }
        });
  }
}
