// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.examples.micro.echo.NumberedEcho;
import dev.weft.examples.micro.http.RequestReader;
import dev.weft.micro.ExecutionMode;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroThread;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The memory of micro-heaps that idle connections hold. */
@Timeout(60)
class IdleTest {
  private static final int CLIENTS = 20;

  private enum Program {
    ECHO("hello\n", NumberedEcho.PAGES),
    HTTP("GET / HTTP/1.1\r\nHost: a\r\n\r\n", RequestReader.PAGES);

    private final String request;
    private final int pages;

    Program(String request, int pages) {
      this.request = request;
      this.pages = pages;
    }

    private MicroThread handler() {
      return this == ECHO ? new NumberedEcho() : new RequestReader(true);
    }

    MicroService start(boolean stackful) throws Exception {
      MicroOptions options = MicroOptions.ofPages(pages).withStackful(stackful);
      return IdleTest.start(options, this::handler);
    }
  }

  private static MicroService start(MicroOptions options, Supplier<? extends MicroThread> handlers)
      throws Exception {
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    return MicroService.start(anyPort, options, handlers);
  }

  private static List<TcpSocket> connect(MicroService service) throws Exception {
    List<TcpSocket> clients = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(TcpSocket.connect(service.localAddress()));
    }
    while (service.connections() < CLIENTS) {
      Fiber.yield();
    }
    return clients;
  }

  private static void end(List<TcpSocket> clients, MicroService service) {
    clients.forEach(TcpSocket::close);
    service.kill();
    service.join();
    assertEquals(0, service.residentPages());
  }

  @ParameterizedTest
  @EnumSource
  void anIdleNewConnectionHoldsNoPage(Program program) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            MicroService service = program.start(false);
            List<TcpSocket> clients = connect(service);

            assertEquals(0, service.residentPages());

            end(clients, service);
          });
    }
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatWaitsForItsNextRequestHoldsNoPage(Program program) throws Exception {
    for (boolean stackful : new boolean[] {false, true}) {
      try (Reactor reactor = Reactor.open();
          Arena arena = Arena.ofShared()) {
        MemorySegment request = arena.allocateFrom(program.request);
        MemorySegment answer = arena.allocate(1000);
        reactor.run(
            () -> {
              MicroService service = program.start(stackful);
              List<TcpSocket> clients = connect(service);
              for (TcpSocket client : clients) {
                client.write(request.asSlice(0, request.byteSize() - 1));
              }
              for (TcpSocket client : clients) {
                assertTrue(client.read(answer) > 0);
              }

              while (service.residentPages() > 0) { // until the last ones have read the input
                Fiber.yield();
              }

              end(clients, service);
            });
      }
    }
  }

  /** Keeps a page, and does not read its input until its process is woken. */
  private static final class Keeper extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroBlock page = calloc(1, 1);
      read(page, 1);
      pause();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"REACTOR_WOVEN", "REACTOR_STACKFUL"})
  void onlyTheBlocksOfAThreadStayResident(ExecutionMode mode) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            MicroService service = start(mode.options(), Keeper::new);
            List<TcpSocket> clients = connect(service);

            while (service.residentPages() != CLIENTS) {
              Fiber.yield();
            }

            end(clients, service);
          });
    }
  }
}
