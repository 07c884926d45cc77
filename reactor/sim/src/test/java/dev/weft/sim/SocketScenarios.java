// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Servers and clients: bytes arrive once and in order, and no connection is lost. */
final class SocketScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private SocketScenarios() {}

  /** The byte at each place of every stream, so that bytes out of order are detected. */
  static byte byteAt(long place) {
    return (byte) (place * 31 + (place >>> 8));
  }

  static void fill(MemorySegment segment, long place) {
    for (long i = 0; i < segment.byteSize(); i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, byteAt(place + i));
    }
  }

  static void verify(MemorySegment segment, long place) {
    for (long i = 0; i < segment.byteSize(); i++) {
      byte expected = byteAt(place + i);
      if (segment.get(ValueLayout.JAVA_BYTE, i) != expected) {
        throw new AssertionError("byte " + (place + i) + " is not the one that was sent");
      }
    }
  }

  /** A server with pipelined clients that half-close; every byte is echoed. */
  static void echo() throws IOException {
    try (TcpListener listener = TcpListener.bind(ANY_PORT, smallBuffers())) {
      try (Bundle serving = Bundle.open()) {
        Task<?> accepting = serving.go(() -> acceptAll(listener, serving));
        try (Bundle clients = Bundle.open()) {
          for (int i = 0; i < 3; i++) {
            clients.go(() -> client(listener.localAddress(), true));
          }
          clients.await();
        }
        accepting.cancel();
      }
    }
  }

  /** As {@link #echo}, but connections break: the bytes that arrive are still in order. */
  static void echoHarsh() throws IOException {
    TcpListener listener;
    try {
      listener = TcpListener.bind(ANY_PORT, smallBuffers());
    } catch (IOException e) {
      return; // no descriptor was left
    }
    try (listener;
        Bundle serving = Bundle.supervising(SocketScenarios::mustBeBroken)) {
      Task<?> accepting = serving.go(() -> acceptAll(listener, serving));
      try (Bundle clients = Bundle.supervising(SocketScenarios::mustBeBroken)) {
        for (int i = 0; i < 4; i++) {
          clients.go(() -> client(listener.localAddress(), false));
        }
        clients.await();
      }
      accepting.cancel();
    }
  }

  private static void mustBeBroken(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (!(cause instanceof IOException)) {
      throw new AssertionError("unexpected on a broken connection", failure);
    }
  }

  private static SocketOptions smallBuffers() {
    int bytes = 1 << (10 + Simulation.random().nextInt(6));
    return SocketOptions.defaults().withBufferBytes(bytes, bytes);
  }

  private static void acceptAll(TcpListener listener, Bundle serving) throws IOException {
    while (true) {
      TcpSocket socket;
      try {
        socket = listener.accept();
      } catch (AsynchronousCloseException e) {
        throw e;
      } catch (IOException e) {
        Fiber.sleep(Duration.ofMillis(1)); // no descriptor is left
        continue;
      }
      serving.go(() -> echo(socket));
    }
  }

  private static void echo(TcpSocket socket) throws IOException {
    try (socket;
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(700);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
      socket.shutdownOutput();
    }
  }

  private static void client(InetSocketAddress address, boolean whole) throws IOException {
    int total = 1 + Simulation.random().nextInt(6000);
    try (TcpSocket socket =
            TcpSocket.connect(address, smallBuffers(), Deadline.after(Duration.ofHours(1)));
        Bundle bundle = Bundle.open()) {
      bundle.go(() -> send(socket, total));
      receive(socket, total, whole);
      bundle.await();
    }
  }

  private static void send(TcpSocket socket, int total) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(2000);
      for (int sent = 0; sent < total; ) {
        MemorySegment part = buffer.asSlice(0, Math.min(1 + random.nextInt(2000), total - sent));
        fill(part, sent);
        socket.write(part);
        sent += (int) part.byteSize();
      }
    }
    socket.shutdownOutput();
  }

  /** Expects all {@code whole} bytes, unless the server may have ended because memory was short. */
  private static void receive(TcpSocket socket, int total, boolean whole) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1500);
      int received = 0;
      for (int count; (count = socket.read(buffer.asSlice(0, 1 + random.nextInt(1500)))) >= 0; ) {
        verify(buffer.asSlice(0, count), received);
        received += count;
      }
      assertTrue(received <= total);
      assertTrue(!whole || received == total, "only " + received + " bytes came back");
    }
  }

  /**
   * Fibers accept with deadlines and are cancelled, and the listener is closed at some time: each
   * accepted connection belongs to a fiber or is closed. Leaks would be reported by the simulator.
   */
  static void acceptRaces() throws IOException {
    RandomGenerator random = Simulation.random();
    TcpListener listener;
    try {
      listener = TcpListener.bind(ANY_PORT);
    } catch (IOException e) {
      return; // no descriptor was left
    }
    int[] served = new int[1];
    int[] answered = new int[1];
    try (listener;
        Bundle bundle = Bundle.supervising(SocketScenarios::mustBeBroken)) {
      List<Task<?>> acceptors = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        acceptors.add(bundle.go(() -> acceptAndGreet(listener, served)));
      }
      for (int i = 0; i < 6; i++) {
        bundle.go(() -> connectAndListen(listener.localAddress(), answered));
      }
      Fiber.sleep(Duration.ofNanos(random.nextLong(30_000_000)));
      acceptors.get(random.nextInt(3)).cancel();
      Fiber.sleep(Duration.ofNanos(random.nextLong(30_000_000)));
      listener.close();
      bundle.await();
    }
    assertTrue(answered[0] <= served[0], "more were greeted than served");
  }

  private static void acceptAndGreet(TcpListener listener, int[] served) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment greeting = arena.allocate(1);
      while (true) {
        try (TcpSocket socket =
            random.nextBoolean()
                ? listener.accept()
                : listener.accept(Deadline.after(Duration.ofNanos(random.nextLong(5_000_000))))) {
          served[0]++;
          socket.write(greeting);
        } catch (DeadlineExceededException e) {
          Fiber.yield();
        } catch (ClosedChannelException e) {
          return;
        } catch (IOException e) {
          Fiber.sleep(Duration.ofMillis(1)); // the connection has broken, or no descriptor is left
        }
      }
    }
  }

  private static void connectAndListen(InetSocketAddress address, int[] answered) {
    Deadline deadline = Deadline.after(Duration.ofSeconds(1));
    try (TcpSocket socket = TcpSocket.connect(address, deadline);
        Arena arena = Arena.ofConfined()) {
      if (socket.read(arena.allocate(1), deadline) == 1) {
        answered[0]++;
      }
    } catch (IOException | DeadlineExceededException e) {
      // the listener was closed first, or an acceptor was cancelled
    }
  }

  /** Reads are often cancelled or pass their deadlines, and no byte is lost. */
  static void cancelledReadsLoseNothing() throws IOException {
    int total = 3000;
    try (TcpListener listener = TcpListener.bind(ANY_PORT)) {
      try (Bundle bundle = Bundle.open()) {
        bundle.go(
            () -> {
              try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
                trickle(client, total);
              }
            });
        try (TcpSocket socket = listener.accept();
            Arena arena = Arena.ofShared()) {
          MemorySegment buffer = arena.allocate(100);
          int[] received = new int[1];
          boolean[] over = new boolean[1];
          while (!over[0]) {
            readOnce(socket, buffer, received, over);
          }
          assertEquals(total, received[0]);
        }
        bundle.await();
      }
    }
  }

  private static void trickle(TcpSocket socket, int total) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(400);
      for (int sent = 0; sent < total; ) {
        MemorySegment part = buffer.asSlice(0, Math.min(1 + random.nextInt(400), total - sent));
        fill(part, sent);
        socket.write(part);
        sent += (int) part.byteSize();
        Fiber.sleep(Duration.ofNanos(random.nextLong(3_000_000)));
      }
    }
  }

  private static void readOnce(
      TcpSocket socket, MemorySegment buffer, int[] received, boolean[] over) {
    RandomGenerator random = Simulation.random();
    Duration limit = Duration.ofNanos(random.nextLong(3_000_000));
    boolean byDeadline = random.nextBoolean();
    try (Bundle bundle = Bundle.supervising(SocketScenarios::mustBeTime)) {
      Task<?> reading =
          bundle.go(
              () -> {
                Deadline deadline = byDeadline ? Deadline.after(limit) : Deadline.NEVER;
                int count = socket.read(buffer, deadline);
                over[0] = count < 0;
                if (count > 0) {
                  verify(buffer.asSlice(0, count), received[0]);
                  received[0] += count;
                }
              });
      if (!byDeadline) {
        Fiber.sleep(limit);
        reading.cancel();
      }
      bundle.await();
    }
  }

  private static void mustBeTime(Throwable failure) {
    if (!(failure instanceof DeadlineExceededException)) {
      throw new AssertionError("unexpected with a deadline", failure);
    }
  }
}
