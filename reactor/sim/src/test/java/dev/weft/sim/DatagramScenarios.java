// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.net.Datagram;
import dev.weft.net.UdpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;

/** Datagrams: each arrives whole and with its sender, and a server survives what is lost. */
final class DatagramScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final int CLIENTS = 3;
  private static final int REQUESTS = 10;

  private DatagramScenarios() {}

  /** Clients that repeat each request until it is answered; several fibers serve one socket. */
  static void requests() throws IOException {
    try (UdpSocket server = UdpSocket.bind(ANY_PORT)) {
      InetSocketAddress address = server.localAddress();
      try (Bundle serving = Bundle.open()) {
        for (int i = 0; i < 2; i++) {
          serving.go(() -> serve(server));
        }
        try (Bundle clients = Bundle.open()) {
          for (int i = 0; i < CLIENTS; i++) {
            int id = i;
            clients.go(() -> client(address, id));
          }
          clients.await();
        }
        serving.cancel();
      }
    }
  }

  private static void serve(UdpSocket server) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      Datagram datagram = new Datagram(arena.allocate(100, Integer.BYTES));
      while (true) {
        try {
          server.receive(datagram);
          require(datagram.length() == 2 * Integer.BYTES, "a request has two numbers");
          server.send(datagram);
        } catch (ErrnoException e) {
          // this datagram is lost, and the client repeats it
        }
      }
    }
  }

  private static void client(InetSocketAddress server, int id) throws IOException {
    try (UdpSocket socket = connect(server);
        Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(2L * Integer.BYTES, Integer.BYTES);
      MemorySegment answer = arena.allocate(100, Integer.BYTES);
      request.setAtIndex(JAVA_INT, 0, id);
      for (int number = 0; number < REQUESTS; number++) {
        request.setAtIndex(JAVA_INT, 1, number);
        while (!isAnswered(socket, request, answer)) {
          // again
        }
      }
    }
  }

  private static UdpSocket connect(InetSocketAddress server) throws IOException {
    while (true) {
      try {
        return UdpSocket.connect(server);
      } catch (ErrnoException e) {
        // no descriptor or memory for the moment
      }
    }
  }

  private static boolean isAnswered(UdpSocket socket, MemorySegment request, MemorySegment answer)
      throws IOException {
    Deadline deadline = Deadline.after(Duration.ofSeconds(1));
    try {
      socket.send(request);
      while (true) {
        int length = socket.receive(answer, deadline);
        require(length == request.byteSize(), "an answer is as long as the request");
        require(answer.get(JAVA_INT, 0) == request.get(JAVA_INT, 0), "the answer is this one's");
        if (answer.getAtIndex(JAVA_INT, 1) == request.getAtIndex(JAVA_INT, 1)) {
          return true;
        }
      }
    } catch (DeadlineExceededException | ErrnoException e) {
      return false;
    }
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }
}
