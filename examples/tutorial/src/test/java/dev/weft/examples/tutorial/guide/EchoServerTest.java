// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Bundle;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.sim.Faults;
import dev.weft.sim.Simulation;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

class EchoServerTest {
  @Test
  void everyClientsBytesAreEchoed() {
    Simulation.seeds(1000).withFaults(Faults.ordinary()).check(() -> serveThreeClients());
  }

  private static void serveThreeClients() throws IOException {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    TcpListener listener = TcpListener.bind(anyPort);
    try (Bundle server = Bundle.open()) {
      server.go(() -> EchoServer.serve(listener)); // cancelled at the end of the block
      try (Bundle clients = Bundle.open()) {
        clients.go(() -> assertEquals("one", send("one", listener.localAddress())));
        clients.go(() -> assertEquals("two", send("two", listener.localAddress())));
        clients.go(() -> assertEquals("three", send("three", listener.localAddress())));
        clients.await();
      }
    }
  }

  private static String send(String text, InetSocketAddress address) throws IOException {
    try (TcpSocket socket = TcpSocket.connect(address);
        Arena arena = Arena.ofConfined()) {
      socket.write(arena.allocateFrom(text));
      MemorySegment answer = arena.allocate(text.length() + 1);
      socket.readFully(answer);
      return answer.getString(0);
    }
  }
}
