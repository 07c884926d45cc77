// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.examples.micro.service.Idleness;
import dev.weft.io.ByteSource;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The limit of the memory that all clients of mt_redis hold together. */
class ClientMemoryTest {
  private static final int LIMIT_BYTES = 1 << 20;

  @Test
  void theClientThatHoldsTheMostMemoryIsDisconnected() {
    ClientMemory memory = new ClientMemory(100);
    List<String> cut = new ArrayList<>();
    ClientMemory.Account small = memory.open(() -> cut.add("small"));
    ClientMemory.Account large = memory.open(() -> cut.add("large"));
    assertTrue(small.take(30));
    assertTrue(large.take(60));
    assertEquals(90, memory.usedBytes());

    assertTrue(small.take(20));

    assertEquals(List.of("large"), cut);
    assertEquals(50, memory.usedBytes());
    assertFalse(large.take(1));
    large.add(1000);
    assertEquals(50, memory.usedBytes(), "what is cut off is not counted any more");
    small.add(-50);
    assertEquals(0, memory.usedBytes());
  }

  @Test
  void aClientThatExceedsItsLimitIsDisconnected() {
    ClientMemory memory = new ClientMemory(100);
    List<String> cut = new ArrayList<>();
    ClientMemory.Account other = memory.open(() -> cut.add("other"));
    ClientMemory.Account client = memory.open(() -> cut.add("client"));
    assertTrue(other.take(1));

    assertFalse(client.take(99));

    assertEquals(List.of("client"), cut);
    assertEquals(1, memory.usedBytes());
    other.close();
    other.close();
    assertEquals(0, memory.usedBytes());
  }

  // ---- in a server

  /** Uses a server. */
  private interface Talk {
    void with(MicroService service, ClientMemory memory) throws Exception;
  }

  private static void serve(Talk talk) throws Exception {
    ClientMemory memory = new ClientMemory(LIMIT_BYTES);
    try (Store store = Store.open(Store.MEMORY);
        Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            MicroService service =
                MicroService.start(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                    MicroOptions.ofPages(RedisConnection.PAGES),
                    () -> new RedisConnection(store, memory, true, () -> {}, Idleness.UNLIMITED));
            talk.with(service, memory);
            while (service.connections() > 0) {
              Fiber.yield();
            }
            assertEquals(0, memory.usedBytes());
            service.kill();
            service.join();
          });
    }
  }

  private static void send(TcpSocket socket, String text) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
      socket.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
    }
  }

  private static void expect(ByteSource socket, String text) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment answer = arena.allocate(text.length());
      socket.readFully(answer);
      assertEquals(
          text, new String(answer.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.US_ASCII));
    }
  }

  /** Reads to the end, or the reset. */
  private static void expectEnd(ByteSource socket) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(1 << 16);
      while (socket.read(bytes) >= 0) {
        // answers sent before the disconnect
      }
    } catch (IOException e) {
      assertTrue(
          e instanceof ErrnoException reset && reset.errno() == Errno.ECONNRESET, e.toString());
    }
  }

  private static String set(int bytes, int sent) {
    return "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$" + bytes + "\r\n" + "x".repeat(sent);
  }

  @Test
  void unfinishedCommandsDoNotBlockOtherClients() throws Exception {
    serve(
        (service, memory) -> {
          try (TcpSocket large = TcpSocket.connect(service.localAddress());
              TcpSocket small = TcpSocket.connect(service.localAddress())) {
            send(large, set(900_000, 800_000));
            while (memory.usedBytes() < 800_000) {
              Fiber.yield();
            }

            send(small, set(400_000, 400_000) + "\r\n");

            expect(small, "+OK\r\n");
            expectEnd(large);
          }
        });
  }

  @Test
  void unreadAnswersDoNotBlockOtherClients() throws Exception {
    serve(
        (service, memory) -> {
          try (TcpSocket stalled = TcpSocket.connect(service.localAddress());
              TcpSocket other = TcpSocket.connect(service.localAddress())) {
            send(other, set(500_000, 500_000) + "\r\n");
            expect(other, "+OK\r\n");
            send(stalled, "GET k\r\n".repeat(200));
            while (memory.usedBytes() < 500_000) {
              Fiber.yield();
            }

            while (service.connections() > 1) {
              send(other, set(500_000, 500_000) + "\r\n");
              expect(other, "+OK\r\n");
            }

            expectEnd(stalled);
          }
        });
  }

  @Test
  void memoryIsReleasedWhenAConnectionBreaks() throws Exception {
    serve(
        (service, memory) -> {
          for (int i = 0; i < 5; i++) {
            try (TcpSocket client = TcpSocket.connect(service.localAddress())) {
              send(client, "PING\r\n" + set(900_000, 300_000));
              expect(client, "+PONG\r\n");
              while (memory.usedBytes() < 300_000) {
                Fiber.yield();
              }
              client.resetOnClose();
            }
            while (service.connections() > 0) {
              Fiber.yield();
            }
            assertEquals(0, memory.usedBytes());
          }
        });
  }
}
