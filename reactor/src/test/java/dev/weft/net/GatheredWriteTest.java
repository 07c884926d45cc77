// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.io.SegmentList;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Several segments that are written as one. */
class GatheredWriteTest {
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

  private static byte[] receive(TcpSocket socket, int length) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(length);
      socket.readFully(bytes);
      return bytes.toArray(JAVA_BYTE);
    }
  }

  @Test
  void segmentsOfAllSizesArriveInTheirOrder() throws Exception {
    byte[] expected = new byte[3_000_000];
    new Random(1).nextBytes(expected);
    connected(
        (left, right, arena) -> {
          MemorySegment all = arena.allocate(expected.length);
          all.copyFrom(MemorySegment.ofArray(expected));
          SegmentList list = new SegmentList();
          Random random = new Random(2);
          for (long from = 0; from < expected.length; ) {
            int wanted = random.nextInt(4) == 0 ? random.nextInt(50_000) : random.nextInt(20);
            long bytes = Math.min(wanted, expected.length - from);
            list.add(all.asSlice(from, bytes));
            from += bytes;
          }
          try (Bundle bundle = Bundle.open()) {
            Task<byte[]> received = bundle.go(() -> receive(right, expected.length));
            left.write(list);
            assertArrayEquals(expected, received.join());
          }
        });
  }

  @Test
  void anEmptyListWritesNothing() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(new SegmentList());
          left.write(SegmentList.of(arena.allocate(0), arena.allocate(0)));
          left.writeMore(arena.allocate(0));
          left.write(SegmentList.of(arena.allocateFrom("a"), arena.allocateFrom("b")));
          assertEquals(4, receive(right, 4).length);
          assertEquals(0, right.tryRead(arena.allocate(1)));
        });
  }

  @Test
  void whatIsWrittenWithMoreArrivesWithWhatFollows() throws Exception {
    connected(
        (left, right, arena) -> {
          left.setNoDelay(false);
          left.writeMore(arena.allocateFrom("abc"));
          left.write(arena.allocateFrom("def"));
          assertArrayEquals("abc\0def\0".getBytes(StandardCharsets.US_ASCII), receive(right, 8));
        });
  }

  @Test
  void aWriteThatExpiresOrIsCancelledLetsGoOfAllSegments() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment large = Arena.ofAuto().allocate(32 << 20);
          try (Arena short1 = Arena.ofShared()) {
            SegmentList list = SegmentList.of(short1.allocate(10), large, short1.allocate(10));
            assertThrows(DeadlineExceededException.class, () -> left.write(list, Deadline.NOW));
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> assertThrows(CancelledException.class, () -> left.write(list)));
              Fiber.yield();
              assertThrows(IllegalStateException.class, () -> left.write(list));
              bundle.cancel();
            }
          } // its arena can be closed
        });
  }

  @Test
  void aListWithSkippedPlacesOrAClosedArenaIsRefused() throws Exception {
    connected(
        (left, right, arena) -> {
          assertThrows(IllegalArgumentException.class, () -> left.write(new SegmentList().skip(1)));
          MemorySegment gone;
          try (Arena other = Arena.ofConfined()) {
            gone = other.allocate(1);
          }
          SegmentList list = SegmentList.of(arena.allocate(1), gone);
          assertThrows(IllegalStateException.class, () -> left.write(list));
          assertFalse(right.tryRead(arena.allocate(1)) > 0);
        });
  }
}
