// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Buffers for received bytes: chosen by the kernel, or after a poll. */
@Timeout(60)
class MicroSupplyTest {
  private static final MicroOptions OPTIONS = MicroOptions.ofPages(9).withStackful(true);

  /** Echoes its input. */
  private static final class Echo extends MicroThread {
    @Override
    protected void run() throws Exception {
      while (forward(pollread()) > 0) {}
    }
  }

  private static void run(FiberTask task) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(task);
    }
  }

  private static void exchange(int clients) throws Exception {
    MicroService service =
        MicroService.start(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), OPTIONS, Echo::new);
    List<TcpSocket> sockets = new ArrayList<>();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(100);
      for (int i = 0; i < clients; i++) {
        sockets.add(TcpSocket.connect(service.localAddress()));
      }
      while (service.connections() < clients) {
        Fiber.yield();
      }
      for (int round = 0; round < 3; round++) {
        for (TcpSocket socket : sockets) {
          socket.write(buffer.asSlice(0, 10));
        }
        for (TcpSocket socket : sockets) {
          assertEquals(10, socket.read(buffer));
        }
        while (service.residentPages() > 0) {
          Fiber.yield();
        }
      }
    }
    sockets.forEach(TcpSocket::close);
    service.kill();
    service.join();
  }

  @Test
  void moreConnectionsThanBuffersAreServed() throws Exception {
    run(() -> exchange(100));
  }

  @Test
  void withoutBufferGroupsAPollPrecedesEachReceive() throws Exception {
    run(
        () -> {
          EventLoop.require("test").backend().disable(Capability.BUFFER_GROUPS);

          exchange(10);
        });
  }
}
