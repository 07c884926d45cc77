// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Deadline;
import dev.weft.ReactorGroup;
import dev.weft.net.ServerOptions;
import dev.weft.net.TcpServer;
import dev.weft.net.TcpSocket;
import dev.weft.tls.CertifiedKey;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import dev.weft.tls.TlsSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;

/** A TLS echo server on all CPUs. Its arguments are PEM files: a certificate and its key. */
public class TlsEchoServer {
  public static void main(String[] args) throws Exception {
    CertifiedKey key = CertifiedKey.read(Path.of(args[0]), Path.of(args[1]));
    TlsContext context = TlsContext.server(TlsOptions.defaults().withKey(key));
    InetSocketAddress address = new InetSocketAddress("localhost", 7777);
    try (ReactorGroup group = ReactorGroup.start(); // a reactor for each CPU
        TcpServer server = start(group, address, context)) {
      server.await(Deadline.NEVER);
    }
  }

  static TcpServer start(ReactorGroup group, InetSocketAddress address, TlsContext context)
      throws IOException {
    ServerOptions options = ServerOptions.defaults().withConnectionsMax(10_000);
    return TcpServer.start(group, address, options, connection -> echo(connection, context));
  }

  private static void echo(TcpSocket connection, TlsContext context) throws IOException {
    Deadline soon = Deadline.after(Duration.ofSeconds(10)); // for the handshake
    try (TlsSocket socket = TlsSocket.accept(connection, context, soon);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(16 * 1024);
      for (int n; (n = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, n)); // all of it, encrypted
      }
    }
  }
}
