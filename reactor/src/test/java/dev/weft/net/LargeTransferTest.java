// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Backend;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Receives and sends of many bytes, which are calls and not operations of a ring. */
class LargeTransferTest {
  private static final int LARGE = 64 << 10;

  private interface Connected {
    void run(TcpSocket left, TcpSocket right, Arena arena) throws Exception;
  }

  private static void connected(Connected test) throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any);
              TcpSocket left = TcpSocket.connect(listener.localAddress());
              TcpSocket right = listener.accept();
              Arena arena = Arena.ofConfined()) {
            test.run(left, right, arena);
          }
        });
  }

  /** The operations of sockets that are submitted from now on. */
  private static List<Opcode> submitted() {
    List<Opcode> opcodes = new ArrayList<>();
    EventLoop.require("test")
        .backend()
        .observe(
            new Backend.Observer() {
              @Override
              public void submitted(Op op) {
                opcodes.add(op.opcode());
              }

              @Override
              public void completed(Op op) {}
            });
    return opcodes;
  }

  /** Waits until so many bytes can be received by one call. */
  private static void awaitBytes(TcpSocket socket, int count) throws IOException {
    while (socket.unreadBytes() < count) {
      Fiber.yield();
    }
  }

  private static void readLarge(TcpSocket from, TcpSocket to, MemorySegment bytes)
      throws IOException {
    from.write(bytes);
    awaitBytes(to, LARGE);
    assertEquals(LARGE, to.read(bytes));
  }

  @Test
  void manyBytesArriveInOrderInBothDirections() throws Exception {
    connected(
        (left, right, arena) -> {
          int length = 5 << 20;
          MemorySegment sent = Arena.ofAuto().allocate(length);
          for (int i = 0; i < length; i++) {
            sent.set(JAVA_BYTE, i, (byte) (i * 31 + (i >>> 8)));
          }
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> left.write(sent));
            bundle.go(() -> echo(right, length));
            MemorySegment received = Arena.ofAuto().allocate(length);
            left.readFully(received);
            assertEquals(-1, sent.mismatch(received));
            bundle.await();
          }
        });
  }

  private static void echo(TcpSocket socket, int length) throws IOException {
    MemorySegment buffer = Arena.ofAuto().allocate(LARGE);
    for (int left = length; left > 0; ) {
      int count = socket.read(buffer);
      socket.write(buffer.asSlice(0, count));
      left -= count;
    }
  }

  @Test
  @Tag("needs-io-uring")
  void theReceiveAfterALargeOneWaitsForReadinessAndThenCalls() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(LARGE);
          List<Opcode> opcodes = submitted();
          readLarge(left, right, bytes);
          readLarge(left, right, bytes);
          assertEquals(List.of(Opcode.RECEIVE, Opcode.POLL), opcodes);
        });
  }

  @Test
  @Tag("needs-io-uring")
  void fourSmallReceivesInARowEndTheCalls() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(LARGE);
          readLarge(left, right, bytes);
          List<Opcode> opcodes = submitted();
          MemorySegment one = arena.allocate(1);
          for (int i = 0; i < 5; i++) {
            left.tryWrite(one);
            assertEquals(1, right.read(bytes));
          }
          Opcode poll = Opcode.POLL;
          assertEquals(List.of(poll, poll, poll, poll, Opcode.RECEIVE), opcodes);
        });
  }

  @Test
  @Tag("needs-io-uring")
  void aLargeSendIsACallOfLimitedLength() throws Exception {
    connected(
        (left, right, arena) -> {
          left.setOption(SocketOption.SEND_BUFFER, 8 << 20);
          Fiber.yield(); // the first one in this turn
          List<Opcode> opcodes = submitted();
          int sent = left.writeSome(arena.allocate(1 << 20));
          assertTrue(sent > 0 && sent <= 256 << 10, "sent " + sent);
          assertEquals(List.of(), opcodes);
        });
  }

  @Test
  @Tag("needs-io-uring")
  void onlyOneSendInATurnIsACall() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(16 << 10);
          SegmentList list = SegmentList.of(arena.allocate(8 << 10), arena.allocate(8 << 10));
          Fiber.yield();
          List<Opcode> opcodes = submitted();
          left.write(bytes);
          left.write(bytes); // suspends
          left.write(list);
          left.write(list);
          assertEquals(List.of(Opcode.SEND, Opcode.SEND_GATHERED), opcodes);
        });
  }

  @Test
  void aLargeReceiveThatIsLateLosesNothing() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(LARGE);
          left.write(bytes);
          right.readFully(bytes);
          assertThrows(
              DeadlineExceededException.class,
              () -> right.read(bytes, Deadline.after(Duration.ofMillis(1))));
          assertThrows(DeadlineExceededException.class, () -> right.read(bytes, Deadline.NOW));
          left.write(arena.allocateFrom("abc"));
          assertEquals(4, right.read(bytes));
          assertEquals("abc", bytes.getString(0));
        });
  }

  @Test
  void aLargeReceiveEndsWhenItsSocketIsClosed() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(LARGE);
          left.write(bytes);
          right.readFully(bytes);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> assertThrows(AsynchronousCloseException.class, () -> right.read(bytes)));
            Fiber.yield();
            right.close();
            bundle.await();
          }
        });
  }

  @Test
  void aLargeReceiveFindsTheEndAndAReset() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(LARGE);
          left.write(bytes);
          right.readFully(bytes);
          right.write(bytes);
          left.readFully(bytes);
          left.shutdownOutput();
          assertEquals(-1, right.read(bytes));
          right.resetOnClose();
          right.close();
          assertThrows(ErrnoException.class, () -> left.read(bytes));
        });
  }

  @Test
  void aCancelledFiberSendsNothing() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(LARGE);
          try (Bundle bundle = Bundle.open()) {
            Task<?> task =
                bundle.go(
                    () -> {
                      assertThrows(CancelledException.class, () -> Fiber.sleep(Duration.ofDays(1)));
                      assertThrows(CancelledException.class, () -> left.write(bytes));
                    });
            Fiber.yield();
            task.cancel();
            bundle.await();
          }
          left.shutdownOutput();
          assertEquals(-1, right.read(bytes));
        });
  }
}
