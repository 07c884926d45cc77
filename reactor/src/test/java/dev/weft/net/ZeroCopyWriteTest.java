// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Writes without a copy; on a selector they are ordinary ones. */
class ZeroCopyWriteTest {
  private static final int LARGE = 32 << 20; // more than the buffers hold

  /** What a test does with both ends of a connection. */
  private interface Body {
    void run(TcpSocket client, TcpSocket server) throws Exception;
  }

  private static void connected(Body body) throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any);
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept()) {
            body.run(client, server);
          }
        });
  }

  private static boolean copies() {
    return Reactor.current().backend() == BackendKind.SELECTOR;
  }

  private static MemorySegment pattern(Arena arena, int bytes) {
    MemorySegment made = arena.allocate(bytes);
    for (int i = 0; i < bytes; i += 1021) {
      made.set(JAVA_BYTE, i, (byte) (i / 1021));
    }
    return made;
  }

  private static void expectReset(TcpSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(1 << 20);
      ErrnoException e =
          assertThrows(
              ErrnoException.class,
              () -> {
                int count;
                do {
                  count = socket.read(target);
                } while (count > 0);
              });
      assertEquals(Errno.ECONNRESET, e.errno());
    }
  }

  @Test
  void allBytesArrive() throws Exception {
    connected(
        (client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment sent = pattern(arena, LARGE);
            MemorySegment received = arena.allocate(LARGE);
            bundle.go(() -> client.writeZeroCopy(sent));
            server.readFully(received, Deadline.NEVER);
            bundle.await();
            assertEquals(-1, sent.mismatch(received));
            client.writeZeroCopy(MemorySegment.NULL);
            client.writeZeroCopy(sent.asSlice(3, 2));
            assertEquals(2, server.read(received));
          }
        });
  }

  @Test
  void theArenaCantBeClosedBefore() throws Exception {
    connected(
        (client, server) -> {
          Arena arena = Arena.ofShared();
          MemorySegment sent = pattern(arena, LARGE);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> client.writeZeroCopy(sent));
            Fiber.yield();
            assertThrows(IllegalStateException.class, arena::close);
            try (Arena other = Arena.ofConfined()) {
              server.readFully(other.allocate(LARGE), Deadline.NEVER);
            }
            bundle.await();
          }
          arena.close();
        });
  }

  @Test
  void aCancelledFiberResetsTheConnectionAndFreesTheMemory() throws Exception {
    connected(
        (client, server) -> {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment sent = pattern(arena, LARGE);
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> client.writeZeroCopy(sent));
              Fiber.yield();
            }
          }
          if (!copies()) {
            expectReset(server);
          }
        });
  }

  @Test
  void aDeadlineThatHasPassedSendsNothing() throws Exception {
    connected(
        (client, server) -> {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment sent = pattern(arena, 10);
            assertThrows(
                DeadlineExceededException.class,
                () -> client.writeZeroCopy(sent, Deadline.after(Duration.ofNanos(-1))));
            client.write(sent.asSlice(0, 1));
            assertEquals(1, server.read(arena.allocate(10)));
          }
        });
  }

  @Test
  void aCloseByAnotherFiberResetsTheConnection() throws Exception {
    connected(
        (client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment sent = pattern(arena, LARGE);
            bundle.go(
                () ->
                    assertThrows(
                        AsynchronousCloseException.class, () -> client.writeZeroCopy(sent)));
            Fiber.yield();
            client.close();
            bundle.await();
          }
          if (!copies()) {
            expectReset(server);
          }
        });
  }

  @Test
  void aHeapSegmentIsRefused() throws Exception {
    connected(
        (client, server) -> {
          assertTrue(server.isOpen());
          MemorySegment heap = MemorySegment.ofArray(new byte[10]);
          assertThrows(IllegalArgumentException.class, () -> client.writeZeroCopy(heap));
        });
  }
}
