// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.internal.io.ReceivePool;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.Poll;
import dev.weft.net.ReceiveBuffer;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Receives that are not operations alone: bytes arrive once and in order. */
final class ReceiveScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private ReceiveScenarios() {}

  /** Large and small pieces, sent and echoed; some sends are calls, and some receives. */
  static void large() throws IOException {
    SocketOptions options = SocketOptions.defaults().withBufferBytes(1 << 17, 1 << 17);
    int total = 1 + Simulation.random().nextInt(200_000);
    try (TcpListener listener = TcpListener.bind(ANY_PORT, options);
        Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            try (TcpSocket socket = listener.accept()) {
              echoLarge(socket);
            }
          });
      try (TcpSocket socket = TcpSocket.connect(listener.localAddress())) {
        bundle.go(() -> sendLarge(socket, total));
        assertEquals(total, receiveLarge(socket));
      }
      bundle.await();
    }
  }

  private static void echoLarge(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
    }
    socket.shutdownOutput();
  }

  private static void sendLarge(TcpSocket socket, int total) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      for (int sent = 0; sent < total; ) {
        int bytes = 1 + random.nextInt(random.nextInt(4) == 0 ? 1 << 16 : 1 << 12);
        MemorySegment part = buffer.asSlice(0, Math.min(bytes, total - sent));
        SocketScenarios.fill(part, sent);
        socket.write(part);
        sent += (int) part.byteSize();
      }
    }
    socket.shutdownOutput();
  }

  private static int receiveLarge(TcpSocket socket) throws IOException {
    int received = 0;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 16);
      for (int count; (count = socket.read(buffer)) >= 0; received += count) {
        SocketScenarios.verify(buffer.asSlice(0, count), received);
      }
    }
    return received;
  }

  // ---- buffers of the reactor

  private static ReceivePool pool() {
    EventLoop loop = EventLoop.require("scenario");
    return Objects.requireNonNull(loop.extensions.get(ReceivePool.class));
  }

  /** Sockets have so many bytes of buffers, in small ones and large ones. */
  private static void limitPool(long bytes) {
    EventLoop loop = EventLoop.require("scenario");
    loop.extensions.put(ReceivePool.class, new ReceivePool(loop, bytes));
  }

  /** Bytes are received in all ways, and some buffers kept for a while. */
  static void lent() throws IOException {
    limitPool(1 << 20);
    int total = 1 + Simulation.random().nextInt(40_000);
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle bundle = Bundle.open()) {
      bundle.go(
          () -> {
            try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
              sendPieces(client, total);
            }
          });
      try (TcpSocket socket = listener.accept()) {
        Reading reading = new Reading(socket);
        while (reading.step()) {}
        assertEquals(total, reading.place);
        assertNull(socket.receive());
      }
      bundle.await();
    }
    assertEquals(0, pool().inUse());
  }

  private static void sendPieces(TcpSocket socket, int total) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1 << 15);
      for (int sent = 0; sent < total; ) {
        int bytes = 1 + random.nextInt(random.nextInt(3) == 0 ? 1 << 15 : 300);
        MemorySegment part = buffer.asSlice(0, Math.min(bytes, total - sent));
        SocketScenarios.fill(part, sent);
        socket.write(part);
        sent += (int) part.byteSize();
        if (random.nextBoolean()) {
          Fiber.sleep(Duration.ofNanos(random.nextLong(20_000_000)));
        }
      }
    }
    socket.shutdownOutput();
  }

  /** A stream that is read in all ways. */
  private static final class Reading {
    private final TcpSocket socket;
    private final MemorySegment buffer = Arena.ofAuto().allocate(1 << 15);

    /** The buffers that are kept, and where their bytes begin. */
    private final Map<ReceiveBuffer, Integer> kept = new LinkedHashMap<>();

    int place;

    Reading(TcpSocket socket) {
      this.socket = socket;
    }

    /** Reads something; returns whether the stream continues. */
    boolean step() throws IOException {
      RandomGenerator random = Simulation.random();
      int count;
      try {
        count = read(random, random.nextInt(12));
      } catch (DeadlineExceededException e) {
        Fiber.yield();
        return true;
      }
      if (count < 0 || kept.size() > 2) {
        closeKept();
      }
      return count >= 0;
    }

    private int read(RandomGenerator random, int way) throws IOException {
      MemorySegment part =
          buffer.asSlice(0, 1 + random.nextInt(random.nextBoolean() ? 20 : 20_000));
      return switch (way) {
        case 0 -> advance(part, socket.read(part));
        case 1 -> advance(part, socket.tryRead(part));
        case 2 -> advance(part, socket.read(part, Deadline.NOW));
        case 3 -> {
          int count = socket.peek(part);
          SocketScenarios.verify(part.asSlice(0, Math.max(count, 0)), place);
          yield count;
        }
        case 4 -> {
          Poll.readable(socket, soon(random));
          yield 0;
        }
        case 5 -> receive(random, Deadline.NOW);
        case 6 -> receive(random, soon(random));
        default -> receive(random, Deadline.NEVER);
      };
    }

    private int advance(MemorySegment part, int count) {
      if (count > 0) {
        SocketScenarios.verify(part.asSlice(0, count), place);
        place += count;
      }
      return count;
    }

    private static Deadline soon(RandomGenerator random) {
      return Deadline.after(Duration.ofNanos(random.nextLong(20_000_000)));
    }

    private int receive(RandomGenerator random, Deadline deadline) throws IOException {
      ReceiveBuffer bytes = socket.receive(deadline);
      if (bytes == null) {
        return -1;
      }
      int length = bytes.length();
      kept.put(bytes, place);
      place += length;
      if (random.nextBoolean()) {
        closeKept();
      }
      return length;
    }

    private void closeKept() {
      kept.forEach(
          (bytes, from) -> {
            SocketScenarios.verify(bytes.segment(), from);
            bytes.close();
          });
      kept.clear();
    }
  }

  /** Many connections share few buffers, so that receives wait for them; each gets one. */
  static void fewBuffers() throws IOException {
    limitPool(1 << 17);
    int total = 30_000;
    try (TcpListener listener = TcpListener.bind(ANY_PORT);
        Bundle bundle = Bundle.open()) {
      for (int i = 0; i < 6; i++) {
        bundle.go(
            () -> {
              try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
                sendPieces(client, total);
              }
            });
        TcpSocket socket = listener.accept();
        bundle.go(() -> assertEquals(total, receiveSlowly(socket)));
      }
      bundle.await();
    }
    assertEquals(0, pool().inUse());
    assertTrue(pool().bytes() <= 1 << 17);
  }

  private static int receiveSlowly(TcpSocket socket) throws IOException {
    RandomGenerator random = Simulation.random();
    int received = 0;
    try (socket) {
      while (true) {
        try (ReceiveBuffer bytes = socket.receive()) {
          if (bytes == null) {
            return received;
          }
          Fiber.sleep(Duration.ofNanos(random.nextLong(10_000_000)));
          SocketScenarios.verify(bytes.segment(), received);
          received += bytes.length();
        }
      }
    }
  }

  /** Receives are cancelled, and sockets closed during them, with bytes that have not been read. */
  static void closed() throws IOException {
    limitPool(1 << 17);
    RandomGenerator random = Simulation.random();
    TcpListener listener;
    try {
      listener = TcpListener.bind(ANY_PORT);
    } catch (IOException e) {
      return; // no descriptor was left
    }
    try (listener;
        Bundle bundle = Bundle.supervising(ReceiveScenarios::mustBeEnd)) {
      for (int i = 0; i < 4; i++) {
        bundle.go(
            () -> {
              try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
                sendPieces(client, 30_000);
              }
            });
      }
      for (int i = 0; i < 4; i++) {
        TcpSocket socket = acceptOne(listener);
        if (socket != null) {
          Task<?> receiving = bundle.go(() -> receiveSlowly(socket));
          Fiber.sleep(Duration.ofNanos(random.nextLong(100_000_000)));
          if (random.nextBoolean()) {
            receiving.cancel();
          } else {
            socket.close();
          }
        }
      }
    }
    assertEquals(0, pool().inUse());
  }

  private static @Nullable TcpSocket acceptOne(TcpListener listener) {
    try {
      return listener.accept(Deadline.after(Duration.ofMinutes(1)));
    } catch (IOException | DeadlineExceededException e) {
      return null; // the connection was refused, or no descriptor was left
    }
  }

  private static void mustBeEnd(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (!(cause instanceof IOException) && !(cause instanceof CancelledException)) {
      throw new AssertionError("unexpected when a connection ends", failure);
    }
  }
}
