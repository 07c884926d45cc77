// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Step 1: a server, with a fiber per connection, in straight lines. */
public final class EchoServer {
  private EchoServer() {}

  /** Serves for ever. */
  public static void main(String[] args) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () ->
              serve(
                  TcpListener.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 7777))));
    }
  }

  static void serve(TcpListener listener) throws IOException {
    while (true) {
      TcpSocket socket = listener.accept();
      Fiber.start(() -> echo(socket));
    }
  }

  private static void echo(TcpSocket socket) throws IOException {
    try (socket;
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(16 * 1024);
      for (int n; (n = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, n));
      }
    }
  }
}
