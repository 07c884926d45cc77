// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.DirectDescriptors;
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
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Direct descriptors: none is lost, and none is used for another file. */
final class DirectScenarios {
  /** The size of the table. */
  static final int SLOTS = 3;

  private static final InetSocketAddress ANY_PORT =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private DirectScenarios() {}

  /** More clients than slots; fibers that accept are cancelled, and the listener is closed. */
  static void connections() throws IOException {
    RandomGenerator random = Simulation.random();
    SocketOptions options = SocketOptions.defaults().withDirectDescriptors(true);
    try {
      TcpListener listener = TcpListener.bind(ANY_PORT, options);
      try (listener;
          Bundle bundle = Bundle.supervising(failure -> {})) {
        List<Task<?>> acceptors = new ArrayList<>();
        int[] open = new int[1];
        for (int i = 0; i < SLOTS + 2; i++) {
          acceptors.add(bundle.go(() -> serve(listener, open)));
        }
        for (int i = 0; i < 6; i++) {
          bundle.go(() -> call(listener.localAddress()));
        }
        Fiber.sleep(Duration.ofNanos(random.nextLong(30_000_000)));
        acceptors.get(random.nextInt(SLOTS)).cancel();
        Fiber.sleep(Duration.ofNanos(random.nextLong(30_000_000)));
        listener.close();
        bundle.await();
      }
    } catch (IOException e) {
      // no descriptor was left
    }
    assertAllFree();
  }

  private static void serve(TcpListener listener, int[] open) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(1);
      while (true) {
        try (TcpSocket socket = listener.accept()) {
          assertTrue(DirectDescriptors.isDirect(socket));
          open[0]++;
          assertTrue(open[0] <= SLOTS, "the table is larger");
          try {
            socket.readFully(bytes);
            socket.write(bytes);
          } finally {
            open[0]--;
          }
        } catch (ClosedChannelException e) {
          return;
        } catch (IOException e) {
          Fiber.sleep(Duration.ofMillis(1)); // the table is full, or the connection has broken
        }
      }
    }
  }

  private static void call(InetSocketAddress address) {
    byte mine = (byte) Simulation.random().nextInt();
    Deadline deadline = Deadline.after(Duration.ofSeconds(1));
    try (TcpSocket socket = TcpSocket.connect(address, deadline);
        Arena arena = Arena.ofShared()) {
      MemorySegment bytes = arena.allocate(1);
      bytes.set(ValueLayout.JAVA_BYTE, 0, mine);
      socket.write(bytes, deadline);
      if (socket.read(bytes, deadline) == 1) {
        assertEquals(mine, bytes.get(ValueLayout.JAVA_BYTE, 0), "another one's answer");
      }
    } catch (IOException | DeadlineExceededException e) {
      // the listener was closed first, or the fiber that served it was cancelled
    }
  }

  /** A pipe whose ends get other descriptors all the time: no byte is lost. */
  static void moves() throws IOException {
    RandomGenerator random = Simulation.random();
    int count = 50 + random.nextInt(50);
    try (Pipe pipe = Pipe.open()) {
      try (Bundle bundle = Bundle.open()) {
        bundle.go(() -> write(pipe, count));
        Task<?> mover = bundle.go(() -> move(pipe));
        try (Arena arena = Arena.ofConfined()) {
          MemorySegment bytes = arena.allocate(1);
          for (int i = 0; i < count; i++) {
            pipe.source().readFully(bytes);
            assertEquals((byte) i, bytes.get(ValueLayout.JAVA_BYTE, 0));
          }
        }
        mover.cancel();
      }
    }
    assertAllFree();
  }

  private static void write(Pipe pipe, int count) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(1);
      for (int i = 0; i < count; i++) {
        bytes.set(ValueLayout.JAVA_BYTE, 0, (byte) i);
        pipe.sink().write(bytes);
        Fiber.sleep(Duration.ofNanos(Simulation.random().nextInt(1_000_000)));
      }
    }
  }

  private static void move(Pipe pipe) {
    RandomGenerator random = Simulation.random();
    while (true) {
      AutoCloseable end = random.nextBoolean() ? pipe.source() : pipe.sink();
      Deadline deadline = Deadline.after(Duration.ofNanos(random.nextInt(1_000_000)));
      try {
        if (random.nextBoolean()) {
          DirectDescriptors.register(end, deadline);
        } else {
          DirectDescriptors.install(end, deadline);
        }
      } catch (IOException | DeadlineExceededException | IllegalStateException e) {
        // no descriptor was left, it took too long, or the last move has not ended
      }
      Fiber.sleep(Duration.ofNanos(random.nextInt(1_000_000)));
    }
  }

  /** Fills the table. */
  private static void assertAllFree() throws IOException {
    List<AutoCloseable> ends = new ArrayList<>();
    List<Pipe> pipes = new ArrayList<>();
    try {
      while (ends.size() < SLOTS) {
        Pipe pipe = Pipe.open();
        pipes.add(pipe);
        ends.add(pipe.sink());
        DirectDescriptors.register(pipe.sink());
      }
    } catch (IOException e) {
      assertTrue(!e.getMessage().contains("register"), e.getMessage());
    } finally {
      for (Pipe pipe : pipes) {
        pipe.close();
      }
    }
  }
}
