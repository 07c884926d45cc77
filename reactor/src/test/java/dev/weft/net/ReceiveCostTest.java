// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorStats;
import dev.weft.Reactors;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Counts what receives into buffers of the reactor cost on a ring. */
@Tag("needs-fresh-jvm") // allocation depends on what the JIT has compiled before
@Tag("needs-io-uring")
@Tag("needs-scheduler") // the baton is passed by the JDK's parking, which allocates
class ReceiveCostTest {
  private static final int ROUND_TRIPS = 2_000;

  /** Allocations disappear only when the JIT has compiled the path; so many windows are tried. */
  private static final int WINDOWS_MAX = 400;

  private interface Client {
    void use(TcpSocket client, MemorySegment message) throws IOException;
  }

  private static void withEcho(Client body) throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any);
              Arena arena = Arena.ofConfined()) {
            Fiber server = Fiber.start("server", () -> echo(listener));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              body.use(client, arena.allocate(64));
            }
            server.join();
          }
        });
  }

  private static void echo(TcpListener listener) throws IOException {
    try (TcpSocket socket = listener.accept()) {
      for (ReceiveBuffer bytes; (bytes = socket.receive()) != null; ) {
        socket.write(bytes.segment());
        bytes.close();
      }
    }
  }

  private static void roundTrips(TcpSocket client, MemorySegment message, int count)
      throws IOException {
    for (int i = 0; i < count; i++) {
      client.write(message);
      ReceiveBuffer bytes = Objects.requireNonNull(client.receive());
      assertEquals(64, bytes.length());
      bytes.close();
    }
  }

  @Test
  void anEchoRoundTripCostsOneSubmissionPerEnd() throws Exception {
    withEcho(
        (client, message) -> {
          roundTrips(client, message, 10);

          ReactorStats before = Reactor.current().stats();
          roundTrips(client, message, ROUND_TRIPS);
          ReactorStats spent = Reactor.current().stats().since(before);

          // Both ends are in this reactor: each sends once, and its receives need no operation.
          assertEquals(2L * ROUND_TRIPS, spent.submissions());
          assertEquals(4L * ROUND_TRIPS, spent.resumes());
        });
  }

  @Test
  @Tag("needs-stack") // a woven call that suspends makes frames
  void anEchoRoundTripAllocatesNothing() throws Exception {
    assumeFalse(
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .anyMatch(collector -> collector.getName().matches("(ZGC|Shenandoah).*")),
        "a collector that does not reuse stack chunks");
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    withEcho(
        (client, message) -> {
          long carrier = EventLoop.require("test").thread().threadId();
          long least = Long.MAX_VALUE;
          for (int window = 0; window < WINDOWS_MAX && least > 0; window++) {
            long before = threads.getThreadAllocatedBytes(carrier);
            roundTrips(client, message, ROUND_TRIPS);
            least = Math.min(least, threads.getThreadAllocatedBytes(carrier) - before);
          }
          assertEquals(0, least, "bytes in the best window of " + ROUND_TRIPS);
        });
  }
}
