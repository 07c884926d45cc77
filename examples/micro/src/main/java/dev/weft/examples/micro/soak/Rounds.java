// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.soak;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.error.ErrnoException;
import dev.weft.net.TcpSocket;
import dev.weft.sync.Semaphore;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Opens thousands of connections to a server, round after round, and checks its memory. */
final class Rounds {
  /** Rounds in which the server may still grow, until its heap and its pools reach their sizes. */
  private static final int WARM_ROUNDS = 8;

  private static final double GROWTH_MAX = 1.1;
  private static final int CONNECTING_MAX = 200;
  private static final Duration TIMEOUT = Duration.ofSeconds(60);

  private final InetSocketAddress server;
  private final long process;
  private final byte[] request;
  private final int connections;

  Rounds(InetSocketAddress server, long process, String request, int connections) {
    this.server = server;
    this.process = process;
    this.request = request.getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    this.connections = connections;
  }

  /** Returns an error message, or an empty text. */
  String run(int rounds) throws IOException {
    long warm = 0;
    long last = 0;
    for (int round = 1; round <= rounds; round++) {
      openAndClose();
      Fiber.sleep(Duration.ofMillis(200));
      last = Kernel.residentKib(process);
      System.out.printf("round %2d: %d MiB resident%n", round, last >> 10);
      if (round <= WARM_ROUNDS) {
        warm = Math.max(warm, last);
      }
    }
    return rounds > WARM_ROUNDS && last > warm * GROWTH_MAX
        ? "its memory has grown from " + (warm >> 10) + " to " + (last >> 10) + " MiB"
        : "";
  }

  /** Opens all connections concurrently; each is served once. */
  private void openAndClose() {
    List<TcpSocket> open = new ArrayList<>();
    Semaphore room = Semaphore.of(CONNECTING_MAX);
    try {
      try (Bundle bundle = Bundle.open()) {
        for (int i = 0; i < connections; i++) {
          room.acquire();
          bundle.go(
              () -> {
                open.add(connect());
                room.release();
              });
        }
        bundle.await();
      }
    } finally {
      for (TcpSocket socket : open) {
        socket.close();
      }
    }
  }

  private TcpSocket connect() throws IOException {
    TcpSocket socket = TcpSocket.connect(server, Deadline.after(TIMEOUT));
    boolean served = false;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(4096);
      MemorySegment.copy(
          request, 0, bytes, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, request.length);
      socket.write(bytes.asSlice(0, request.length), Deadline.after(TIMEOUT));
      if (socket.read(bytes, Deadline.after(TIMEOUT)) <= 0) {
        throw new IOException("the server has closed the connection");
      }
      served = true;
      return socket;
    } catch (ErrnoException e) {
      throw new IOException("a client: " + e.getMessage(), e);
    } finally {
      if (!served) {
        socket.close();
      }
    }
  }
}
