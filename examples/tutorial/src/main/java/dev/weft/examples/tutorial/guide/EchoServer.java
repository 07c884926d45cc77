// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import dev.weft.Bundle;
import dev.weft.Reactor;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;

/** A TCP echo server with a fiber for each connection. */
public class EchoServer {
  public static void main(String[] args) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> serve(TcpListener.bind(new InetSocketAddress("localhost", 7777))));
    }
  }

  static void serve(TcpListener listener) throws IOException {
    try (listener;
        Bundle connections = Bundle.supervising(e -> System.err.println("connection: " + e))) {
      while (true) {
        TcpSocket socket = listener.accept(); // suspends this fiber
        connections.go(() -> echo(socket)); // starts another
      }
    }
  }

  private static void echo(TcpSocket socket) throws IOException {
    try (socket;
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(16 * 1024);
      for (int n; (n = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, n)); // all of it
      }
    }
  }
}
