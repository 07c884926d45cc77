// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Task;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.io.Pipe;
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

/**
 * Sockets and pipes are closed while other fibers read and write them, and new ones, which reuse
 * the descriptors' numbers, are opened immediately: no byte may go to the wrong stream.
 */
final class ClosingScenarios {
  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private static final int CONNECTIONS = 4;

  private ClosingScenarios() {}

  // ---- the content of each stream identifies it

  private static byte byteAt(int stream, long place) {
    return (byte) (stream * 101L + place * 31 + (place >>> 7));
  }

  private static void fill(MemorySegment segment, int stream, long place) {
    for (long i = 0; i < segment.byteSize(); i++) {
      segment.set(ValueLayout.JAVA_BYTE, i, byteAt(stream, place + i));
    }
  }

  private static void verify(MemorySegment segment, int stream, long place) {
    for (long i = 0; i < segment.byteSize(); i++) {
      if (segment.get(ValueLayout.JAVA_BYTE, i) != byteAt(stream, place + i)) {
        throw new AssertionError(
            "byte " + (place + i) + " of stream " + stream + " belongs to another stream");
      }
    }
  }

  private static void await(Task<?> task) {
    try {
      task.join();
    } catch (dev.weft.error.CancelledException | dev.weft.error.TaskFailedException e) {
      // the bundle has failed already
    }
  }

  /** Whether a call may fail so when another fiber closes its socket or pipe. */
  private static void mustBeClosed(Throwable failure) {
    if (!(failure instanceof ClosedChannelException)) {
      throw new AssertionError("unexpected when another fiber closes", failure);
    }
  }

  // ---- sockets

  /** Connections are closed in the middle of reads and writes, and others opened in their place. */
  static void sockets() throws IOException {
    RandomGenerator random = Simulation.random();
    int bytes = 1 << (10 + random.nextInt(4));
    SocketOptions small = SocketOptions.defaults().withBufferBytes(bytes, bytes);
    try (TcpListener listener = TcpListener.bind(ANY_PORT, small);
        Bundle serving = Bundle.supervising(ClosingScenarios::mustBeBroken)) {
      Task<?> accepting = serving.go(() -> acceptAll(listener, serving));
      for (int i = 0; i < CONNECTIONS; i++) {
        closeInTheMiddle(TcpSocket.connect(listener.localAddress()), 1 + i);
      }
      accepting.cancel();
    }
  }

  private static void mustBeBroken(Throwable failure) {
    if (!(failure instanceof IOException)) {
      throw new AssertionError("unexpected on a closed connection", failure);
    }
  }

  private static void acceptAll(TcpListener listener, Bundle serving) throws IOException {
    while (true) {
      TcpSocket socket = listener.accept();
      serving.go(() -> serve(socket));
    }
  }

  /** Sends as many bytes of the stream as it has received, each of which is checked. */
  private static void serve(TcpSocket socket) throws IOException {
    try (socket;
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(700);
      socket.readFully(buffer.asSlice(0, 1));
      int stream = buffer.get(ValueLayout.JAVA_BYTE, 0);
      long place = 0;
      for (int count; (count = socket.read(buffer)) >= 0; place += count) {
        verify(buffer.asSlice(0, count), stream, place);
        fill(buffer.asSlice(0, count), ~stream, place);
        socket.write(buffer.asSlice(0, count));
      }
    }
  }

  private static void closeInTheMiddle(TcpSocket socket, int stream) throws IOException {
    RandomGenerator random = Simulation.random();
    boolean reads = random.nextInt(4) != 0;
    boolean writes = !reads || random.nextInt(4) != 0;
    boolean byReactor = random.nextInt(3) == 0;
    List<Task<?>> inside = new ArrayList<>();
    try (Bundle bundle = Bundle.supervising(ClosingScenarios::mustBeClosed)) {
      if (writes) {
        inside.add(bundle.go(() -> write(socket, stream)));
      }
      if (reads) {
        inside.add(bundle.go(() -> read(socket, stream)));
      }
      if (random.nextBoolean()) {
        Fiber.sleep(Duration.ofNanos(random.nextLong(100_000_000)));
      } else {
        Fiber.yield();
      }
      if (byReactor) {
        Reactor.current().execute(socket::close);
        while (socket.isOpen()) {
          Fiber.yield();
        }
      } else {
        socket.close();
      }
      if (stream < CONNECTIONS) {
        return; // the next connection opens while the fibers of this one still end
      }
      for (Task<?> each : inside) {
        await(each); // only the close ends these fibers
      }
    }
  }

  private static void write(TcpSocket socket, int stream) throws IOException {
    RandomGenerator random = Simulation.random();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8000);
      buffer.set(ValueLayout.JAVA_BYTE, 0, (byte) stream);
      socket.write(buffer.asSlice(0, 1));
      for (long place = 0; ; ) {
        MemorySegment part = buffer.asSlice(0, 1 + random.nextInt(8000));
        fill(part, stream, place);
        socket.write(part);
        place += part.byteSize();
      }
    }
  }

  private static void read(TcpSocket socket, int stream) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(500);
      long place = 0;
      for (int count; (count = socket.read(buffer)) >= 0; place += count) {
        verify(buffer.asSlice(0, count), ~stream, place);
      }
      throw new AssertionError("the other end does not close first");
    }
  }

  // ---- pipes

  /** The end of a pipe is closed while it is read or written; a later call is refused. */
  static void pipes() throws IOException {
    RandomGenerator random = Simulation.random();
    for (int i = 0; i < 3; i++) {
      try (Pipe pipe = Pipe.open(4096);
          Bundle bundle = Bundle.supervising(ClosingScenarios::mustBeClosed)) {
        ByteSource source = pipe.source();
        ByteSink sink = pipe.sink();
        boolean reads = random.nextBoolean();
        Task<?> inside = bundle.go(() -> stay(reads, source, sink));
        if (random.nextBoolean()) {
          Fiber.sleep(Duration.ofNanos(random.nextLong(100_000_000)));
        }
        if (reads) {
          source.close();
        } else {
          sink.close();
        }
        await(inside);
        assertTrue(isRefused(reads, source, sink), "a call on a closed stream was not refused");
      }
    }
  }

  /** Reads from an empty pipe, or writes more than the pipe holds. */
  private static void stay(boolean reads, ByteSource source, ByteSink sink) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(10_000);
      if (reads) {
        source.read(buffer);
      } else {
        sink.write(buffer);
      }
    }
    throw new AssertionError("the call was not ended by the close");
  }

  private static boolean isRefused(boolean reads, ByteSource source, ByteSink sink)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(1);
      if (reads) {
        source.read(buffer);
      } else {
        sink.write(buffer);
      }
      return false;
    } catch (AsynchronousCloseException e) {
      return false; // the call had begun before the close
    } catch (ClosedChannelException e) {
      return true;
    }
  }

  // ---- memory

  /** Closing an arena during a read or write is refused, and the transfer continues. */
  static void arenas() throws IOException {
    RandomGenerator random = Simulation.random();
    try (Pipe pipe = Pipe.open(4096);
        Bundle bundle = Bundle.open()) {
      boolean reads = random.nextBoolean();
      int length = 5000 + random.nextInt(5000);
      Arena arena = Arena.ofShared();
      boolean closed = false;
      try {
        MemorySegment buffer = arena.allocate(length);
        fill(buffer, 1, 0);
        ByteSource source = pipe.source();
        ByteSink sink = pipe.sink();
        Task<?> inside = bundle.go(() -> transfer(reads, source, sink, buffer));
        Fiber.sleep(Duration.ofSeconds(1));
        try {
          arena.close();
          closed = true;
        } catch (IllegalStateException e) {
          // expected: the operation uses the memory
        }
        finish(reads, source, sink, length);
        inside.join();
        assertTrue(!closed, "memory was closed while an operation used it");
      } finally {
        if (!closed) {
          arena.close();
        }
      }
    }
  }

  private static void transfer(
      boolean reads, ByteSource source, ByteSink sink, MemorySegment buffer) throws IOException {
    if (reads) {
      int count = source.read(buffer);
      verify(buffer.asSlice(0, count), 1, 0);
    } else {
      sink.write(buffer);
    }
  }

  /** Serves the other end, so that the transfer ends. */
  private static void finish(boolean reads, ByteSource source, ByteSink sink, int length)
      throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(length);
      if (reads) {
        fill(buffer.asSlice(0, 100), 1, 0);
        sink.write(buffer.asSlice(0, 100));
      } else {
        source.readFully(buffer);
        verify(buffer, 1, 0);
      }
    }
  }
}
