// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.Reactors;
import dev.weft.error.DeadlineExceededException;
import dev.weft.fs.File;
import dev.weft.internal.mem.MemoryLease;
import dev.weft.io.Pipe;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Closing handles in use: the number of the descriptor must not be reused by the kernel yet. */
class CloseInProgressTest {
  private static final int MORE_THAN_THE_KERNEL_TAKES = 64 << 20;

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  /** Returns how many bytes the peer reads until the end of the connection. */
  private static int countBytes(TcpSocket peer) throws IOException {
    try (peer;
        Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(4096);
      int count = 0;
      for (int n; (n = peer.read(buffer)) >= 0; ) {
        count += n;
      }
      return count;
    }
  }

  private static void writeOne(TcpSocket socket) throws IOException {
    try (socket;
        Arena arena = Arena.ofShared()) {
      socket.write(arena.allocate(1));
    }
  }

  @Test
  void theRestOfAWriteIsNotSentOnTheNextConnection() throws Exception {
    Reactors.run(
        () -> {
          List<Throwable> ends = new ArrayList<>();
          try (TcpListener listener = TcpListener.bind(loopback());
              Arena arena = Arena.ofShared()) {
            MemorySegment much = arena.allocate(MORE_THAN_THE_KERNEL_TAKES);
            TcpSocket socket = TcpSocket.connect(listener.localAddress());
            TcpSocket server = listener.accept();
            Fiber writer =
                Fiber.start(
                    () -> ends.add(assertThrows(IOException.class, () -> socket.write(much))));
            Fiber.yield(); // the kernel has accepted a part of the bytes
            Fiber.yield();
            socket.close();
            TcpSocket next = TcpSocket.connect(listener.localAddress());
            TcpSocket peer = listener.accept();
            writer.join();

            writeOne(next);

            assertEquals(1, countBytes(peer));
            assertEquals(AsynchronousCloseException.class, ends.get(0).getClass());
            server.close();
          }
        });
  }

  @Test
  void aReadNotYetSubmittedIsNotExecutedOnTheNextConnection() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              Arena arena = Arena.ofShared()) {
            MemorySegment buffer = arena.allocate(16);
            TcpSocket socket = TcpSocket.connect(listener.localAddress());
            TcpSocket peer = listener.accept();
            // Runs after the read has been requested, and before it is submitted to the kernel.
            Reactor.current().execute(socket::close);
            assertThrows(AsynchronousCloseException.class, () -> socket.read(buffer));
            assertFalse(socket.isOpen());

            assertEquals(0, countBytes(peer), "the connection is closed");
          }
        });
  }

  @Test
  void closingAFileFailsTheCallsOfAllFibersInIt(@TempDir Path folder) throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              Arena arena = Arena.ofShared()) {
            List<Fiber> fibers = new ArrayList<>();
            List<Throwable> ends = new ArrayList<>();
            MemorySegment buffer = arena.allocate(16);
            fibers.add(
                Fiber.start(
                    () ->
                        ends.add(
                            assertThrows(IOException.class, () -> pipe.source().read(buffer)))));
            File file =
                File.open(
                    folder.resolve("file"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            for (int i = 0; i < 5; i++) {
              fibers.add(
                  Fiber.start(
                      () -> {
                        try {
                          file.writeAt(buffer, 0);
                          file.sync();
                        } catch (IOException e) {
                          ends.add(e);
                        }
                      }));
            }
            Fiber.yield();

            file.close();
            pipe.source().close();

            for (Fiber fiber : fibers) {
              fiber.join();
            }
            assertFalse(ends.isEmpty());
            for (Throwable end : ends) {
              assertTrue(end instanceof ClosedChannelException, end::toString);
            }
          }
        });
  }

  @Test
  void anArenaCantBeClosedWhileTheKernelUsesItsMemory() throws Exception {
    assumeTrue(MemoryLease.AVAILABLE);
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket socket = TcpSocket.connect(listener.localAddress());
              TcpSocket peer = listener.accept()) {
            Arena arena = Arena.ofShared();
            MemorySegment buffer = arena.allocate(16);
            Fiber reader = Fiber.start(() -> assertEquals(1, socket.read(buffer)));
            Fiber.yield();

            assertThrows(IllegalStateException.class, arena::close);
            try (Arena other = Arena.ofShared()) {
              peer.write(other.allocate(1).fill((byte) 7));
            }
            reader.join();
            assertEquals(7, buffer.get(JAVA_BYTE, 0));
            arena.close();
            assertThrows(IllegalStateException.class, () -> socket.read(buffer));
          }
        });
  }

  @Test
  void memoryIsInUseUntilACancelledOperationHasCompleted() throws Exception {
    assumeTrue(MemoryLease.AVAILABLE);
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket socket = TcpSocket.connect(listener.localAddress());
              TcpSocket peer = listener.accept();
              Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(16);
            for (int i = 0; i < 3; i++) {
              assertThrows(
                  DeadlineExceededException.class,
                  () -> socket.read(buffer, Deadline.after(Duration.ofNanos(1000))));
            }
            assertTrue(peer.isOpen());
          } // closing the arena would throw if its memory were in use
        });
  }
}
