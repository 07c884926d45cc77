// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import com.sun.management.ThreadMXBean;
import dev.weft.io.SegmentList;
import dev.weft.net.Datagram;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Counts what operations cost: allocations, submissions, resumes and system calls. */
@Tag("needs-fresh-jvm") // allocation depends on what the JIT has compiled before
@Tag("needs-stack")
class CostTest {
  private static final int ROUND_TRIPS = 2_000;

  /** Allocations disappear only when the JIT has compiled the path; so many windows are tried. */
  private static final int WINDOWS_MAX = 400;

  interface Step {
    void run() throws Exception;
  }

  @Test
  void anEchoRoundTripCostsTwoSubmissionsPerEndAndOneEnterPerTurn() throws Exception {
    withEcho(
        (client, reactor) -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(64);
            roundTrips(client, message, 10);

            ReactorStats before = reactor.stats();
            roundTrips(client, message, ROUND_TRIPS);
            ReactorStats spent = reactor.stats().since(before);

            // Both ends are in this reactor: each receives once and sends once per round trip.
            assertEquals(2L * 2 * ROUND_TRIPS, spent.submissions());
            assertTrue(spent.enters() <= spent.turns(), spent::toString);
            // A fiber is resumed once per completion, a resume is two switches; on the selector it
            // does not wait for a send.
            long waits = reactor.backend() == BackendKind.SELECTOR ? 1 : 2;
            assertEquals(2 * waits * ROUND_TRIPS, spent.resumes());
          }
        });
  }

  @Test
  @Tag("needs-scheduler") // the baton is passed by the JDK's parking, which allocates
  void anEchoRoundTripAllocatesNothing() throws Exception {
    assumeStackChunksAreReused();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    withEcho(
        (client, reactor) -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(64);
            assertReachesZero(
                threads, carrierOf(reactor), () -> roundTrips(client, message, ROUND_TRIPS));
          }
        });
  }

  @Test
  @Tag("needs-scheduler")
  void gatheredWritesPeeksAndTriesAllocateNothing() throws Exception {
    assumeStackChunksAreReused();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any);
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept();
              Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(64);
            SegmentList list = SegmentList.of(arena.allocate(10), arena.allocate(54));
            assertReachesZero(
                threads,
                carrierOf(Reactor.current()),
                () -> {
                  for (int i = 0; i < ROUND_TRIPS; i++) {
                    client.write(list);
                    server.peek(bytes);
                    server.readFully(bytes);
                    server.tryRead(bytes);
                    server.tryWrite(bytes);
                    client.readFully(bytes);
                  }
                });
          }
        });
  }

  @Test
  @Tag("needs-scheduler")
  void anEchoOfADatagramAllocatesNothing() throws Exception {
    assumeStackChunksAreReused();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (UdpSocket server = UdpSocket.bind(any);
              UdpSocket client = UdpSocket.connect(server.localAddress());
              Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(64);
            Datagram datagram = new Datagram(arena.allocate(64));
            assertReachesZero(
                threads,
                carrierOf(Reactor.current()),
                () -> {
                  for (int i = 0; i < ROUND_TRIPS; i++) {
                    client.send(message);
                    server.receive(datagram);
                    server.send(datagram);
                    client.receive(message);
                  }
                });
          }
        });
  }

  @Test
  @Tag("needs-scheduler")
  void aYieldAllocatesNothing() throws Exception {
    assumeStackChunksAreReused();
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    Reactors.run(
        () ->
            assertReachesZero(
                threads,
                carrierOf(Reactor.current()),
                () -> {
                  for (int i = 0; i < ROUND_TRIPS; i++) {
                    Fiber.yield();
                  }
                }));
  }

  @Test
  void aDeadlineCostsNoSubmission() throws Exception {
    withEcho(
        (client, reactor) -> {
          try (Arena arena = Arena.ofConfined()) {
            MemorySegment message = arena.allocate(64);
            roundTrips(client, message, 10);
            Deadline deadline = Deadline.after(Duration.ofHours(1));

            ReactorStats before = reactor.stats();
            for (int i = 0; i < 100; i++) {
              client.write(message, deadline);
              client.readFully(message, deadline);
            }
            ReactorStats spent = reactor.stats().since(before);

            assertEquals(2L * 2 * 100, spent.submissions());
          }
        });
  }

  /**
   * Allocation is counted for the thread that carries the fibers. Until the path is compiled it
   * allocates; after that there must be a window without any. The JDK itself allocates a stack
   * chunk now and then, for example after a collection, so not every window is free of allocations.
   */
  static void assertReachesZero(ThreadMXBean threads, long carrier, Step step) throws Exception {
    long least = Long.MAX_VALUE;
    for (int window = 0; window < WINDOWS_MAX && least > 0; window++) {
      long before = threads.getThreadAllocatedBytes(carrier);
      step.run();
      least = Math.min(least, threads.getThreadAllocatedBytes(carrier) - before);
    }
    assertEquals(0, least, "bytes in the best window of " + ROUND_TRIPS);
  }

  /**
   * The stack of a suspended virtual thread is in a chunk on the heap. With a collector that moves
   * objects while the program runs the JDK makes a new chunk where it would have to use barriers.
   */
  private static void assumeStackChunksAreReused() {
    assumeFalse(
        ManagementFactory.getGarbageCollectorMXBeans().stream()
            .anyMatch(collector -> collector.getName().matches("(ZGC|Shenandoah).*")),
        "a concurrent collector");
  }

  static long carrierOf(Reactor reactor) {
    return reactor.fibers().loop().thread().threadId();
  }

  private static void roundTrips(TcpSocket client, MemorySegment message, int count)
      throws Exception {
    for (int i = 0; i < count; i++) {
      client.write(message);
      client.readFully(message);
    }
  }

  private interface Client {
    void use(TcpSocket client, Reactor reactor) throws Exception;
  }

  private static void withEcho(Client body) throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any)) {
            Fiber server = Fiber.start("server", () -> echo(listener));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              body.use(client, Reactor.current());
            }
            server.join();
          }
        });
  }

  private static void echo(TcpListener listener) throws Exception {
    try (TcpSocket socket = listener.accept();
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(64);
      while (socket.read(buffer) == buffer.byteSize()) {
        socket.write(buffer);
      }
    }
  }
}
