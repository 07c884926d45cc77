// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Deadline;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroThread;
import dev.weft.net.HostResolver;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** Lookups and connections by name suspend only the micro-thread that makes them. */
class MicroThreadLookupTest {
  private static final int PAGES = 40;

  /** Looks up a host and connects to it. */
  private static final class Client extends MicroThread {
    private final Resolver resolver;
    private final int port;
    private String found = "";
    private boolean connected;

    Client(Resolver resolver, int port) {
      this.resolver = resolver;
      this.port = port;
    }

    @Override
    protected void run() {
      try {
        found = resolver.lookup("one.test", Deadline.NEVER).addresses().toString();
        try (TcpSocket socket = TcpSocket.connect("one.test", port)) {
          connected = socket.isOpen();
        }
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Test
  void aMicroThreadLooksUpAHostAndConnectsToIt() throws Exception {
    Scenario.onSockets(
        (server, resolver) -> {
          server.with("one.test", "A 127.0.0.1");
          HostResolver.setCurrent(resolver);
          InetAddress loopback = InetAddress.ofLiteral("127.0.0.1");
          try (TcpListener listener = TcpListener.bind(new InetSocketAddress(loopback, 0))) {
            Client client = new Client(resolver, listener.localAddress().getPort());
            MicroProcess process = MicroProcess.start(client, MicroOptions.ofPages(PAGES));
            process.join();
            assertEquals("[one.test/127.0.0.1]", client.found);
            assertTrue(client.connected);
          }
        });
  }
}
