// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The memory of micro-heaps and byte rings that idle Redis connections hold. */
@Timeout(60)
class RedisIdleTest {
  private static final int CLIENTS = 20;

  /** Uses the clients of a running service. */
  private interface Talk {
    void with(MicroService service, List<TcpSocket> clients) throws Exception;
  }

  private static void serve(boolean stackful, Talk talk) throws Exception {
    try (Store store = Store.open(":memory:");
        Reactor reactor = Reactor.open()) {
      FiberTask task =
          () -> {
            InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
            MicroOptions options =
                MicroOptions.ofPages(RedisConnection.PAGES).withStackful(stackful);
            MicroService service =
                MicroService.start(
                    anyPort, options, () -> new RedisConnection(store, true, () -> {}));
            List<TcpSocket> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
              clients.add(TcpSocket.connect(service.localAddress()));
            }
            while (service.connections() < CLIENTS) {
              Fiber.yield();
            }
            talk.with(service, clients);
            clients.forEach(TcpSocket::close);
            service.kill();
            service.join();
          };
      reactor.run(task);
    }
  }

  private static MemorySegment bytes(Arena arena, String text) {
    MemorySegment terminated = arena.allocateFrom(text.replace("~", "\r\n"));
    return terminated.asSlice(0, terminated.byteSize() - 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void anIdleNewConnectionHoldsNoPage(boolean stackful) throws Exception {
    serve(stackful, (service, clients) -> assertEquals(0, service.residentPages()));
  }

  @ParameterizedTest
  @CsvSource({
    "false, PING~, +PONG~", // without the store
    "true, PING~, +PONG~",
    "false, SET k v~, +OK~", // waits for the store
    "true, SET k v~, +OK~",
    "false, SET k v~GET k~PING~BAD~, +OK~$1~v~+PONG~-ERR unknown command~",
    "false, *2~$4~ECHO~$5~abcde~, $5~abcde~"
  })
  void aConnectionThatWaitsForItsNextCommandHoldsNoPage(
      boolean stackful, String commands, String answers) throws Exception {
    serve(
        stackful,
        (service, clients) -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = bytes(arena, commands);
            MemorySegment expected = bytes(arena, answers);
            MemorySegment answer = arena.allocate(expected.byteSize());
            for (TcpSocket client : clients) {
              client.write(request);
            }
            for (TcpSocket client : clients) {
              client.readFully(answer);
              assertEquals(-1, expected.mismatch(answer));
            }
          }

          while (service.residentPages() > 0) { // until the last ones have read the input
            Fiber.yield();
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aConnectionThatWaitsForTheRestOfACommandHoldsItsBuffer(boolean stackful) throws Exception {
    serve(
        stackful,
        (service, clients) -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment beginning = bytes(arena, "*1~$4~PI");
            for (TcpSocket client : clients) {
              client.write(beginning);
            }
          }

          while (service.residentPages() != CLIENTS) { // the reader's page, and no ring
            Fiber.yield();
          }
        });
  }
}
