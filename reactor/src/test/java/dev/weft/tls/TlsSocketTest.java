// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.tls.TlsPairs.CLIENT;
import static dev.weft.tls.TlsPairs.SERVER;
import static dev.weft.tls.TlsPairs.read;
import static dev.weft.tls.TlsPairs.receive;
import static dev.weft.tls.TlsPairs.send;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskCancelledException;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session does once the handshake is made. */
class TlsSocketTest {
  private static byte[] random(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  // ---- bytes

  @ParameterizedTest
  @EnumSource
  void bytesArriveInBothDirections(TlsVersion version) throws Exception {
    TlsPairs.withTls(
        version,
        (client, server) -> {
          assertEquals(version.standardName(), client.session().getProtocol());
          send(client, "question");
          assertEquals("question", receive(server, 8));
          send(server, "answer");
          assertEquals("answer", receive(client, 6));
        });
  }

  @ParameterizedTest
  @EnumSource
  void manyBytesArriveInBothDirectionsAtOnce(TlsVersion version) throws Exception {
    TlsPairs.withTls(version, (client, server) -> exchange(client, server, 1_000_000));
  }

  /** Each end writes and reads at the same time, in pieces of all sizes. */
  private static void exchange(TlsSocket client, TlsSocket server, int length) throws Exception {
    byte[] up = random(length, 1);
    byte[] down = random(length, 2);
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> writeInPieces(client, up));
      bundle.go(() -> writeInPieces(server, down));
      Task<byte[]> received = bundle.go(() -> readInPieces(server, length));
      assertArrayEquals(down, readInPieces(client, length));
      assertArrayEquals(up, received.join());
    }
  }

  private static int pieceBytes(Random random) {
    return switch (random.nextInt(3)) {
      case 0 -> 1 + random.nextInt(100);
      case 1 -> 1 + random.nextInt(20_000);
      default -> 1 + random.nextInt(200_000);
    };
  }

  private static void writeInPieces(TlsSocket socket, byte[] bytes) throws IOException {
    Random random = new Random(bytes[0]);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment source = arena.allocateFrom(JAVA_BYTE, bytes);
      for (int from = 0; from < bytes.length; ) {
        int count = Math.min(pieceBytes(random), bytes.length - from);
        if (random.nextBoolean()) {
          socket.write(source.asSlice(from, count));
        } else {
          count = socket.writeSome(source.asSlice(from, count));
        }
        from += count;
      }
    }
  }

  private static byte[] readInPieces(TlsSocket socket, int length) throws IOException {
    Random random = new Random(length);
    byte[] bytes = new byte[length];
    try (Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(200_000);
      for (int from = 0; from < length; ) {
        int count = socket.read(target.asSlice(0, pieceBytes(random)));
        MemorySegment.copy(target, JAVA_BYTE, 0, bytes, from, count);
        from += count;
      }
    }
    return bytes;
  }

  @ParameterizedTest
  @EnumSource
  void aTransportMayMoveOneByteAtATime(TlsVersion version) throws Exception {
    TlsPairs.withTcp(
        (left, right) ->
            TlsPairs.over(
                new OneByteStream(left),
                new OneByteStream(right),
                TlsPairs.client(version),
                SERVER,
                (client, server) -> exchange(client, server, 20_000)));
  }

  @Test
  void emptySegmentsMoveNothing() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          client.write(MemorySegment.NULL);
          assertEquals(0, client.writeSome(MemorySegment.NULL));
          assertEquals(0, server.read(MemorySegment.NULL));
        });
  }

  @Test
  void aReadOnlySegmentIsRefused() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment target = arena.allocate(1).asReadOnly();
            assertThrows(IllegalArgumentException.class, () -> server.read(target));
          }
        });
  }

  @Test
  void keysMayBeUpdatedInBothDirections() throws Exception {
    TlsPairs.withTls(
        TlsVersion.TLS_1_3,
        (client, server) -> {
          for (TlsSocket initiator : new TlsSocket[] {client, server, client}) {
            initiator.engine().beginHandshake(); // in TLS 1.3, a KeyUpdate that asks for another
            exchange(client, server, 50_000);
          }
        });
  }

  // ---- ends

  @ParameterizedTest
  @EnumSource
  void aHalfCloseDeliversAllBytesAndThenTheEnd(TlsVersion version) throws Exception {
    TlsPairs.withTls(
        version,
        (client, server) -> {
          send(client, "the last words");
          client.shutdownOutput();
          client.shutdownOutput(); // does nothing

          send(server, "still sent"); // before the server has read the end
          assertEquals("the last words", receive(server, 14));
          assertEquals(-1, read(server));
          assertEquals(-1, read(server));
          assertEquals("still sent", receive(client, 10));
          server.shutdownOutput();
          assertEquals(-1, read(client));
          assertThrows(SSLException.class, () -> send(client, "too late"));
        });
  }

  @Test
  void afterThePeersEndMoreCanBeSent() throws Exception {
    TlsPairs.withTls(
        TlsVersion.TLS_1_3,
        (client, server) -> {
          client.shutdownOutput();
          assertEquals(-1, read(server));

          send(server, "an answer");

          assertEquals("an answer", receive(client, 9));
        });
  }

  @Test
  void inTls12ThePeersEndIsTheEndOfBothDirections() throws Exception {
    TlsPairs.withTls(
        TlsVersion.TLS_1_2,
        (client, server) -> {
          client.shutdownOutput();
          assertEquals(-1, read(server));

          SSLException refusal = assertThrows(SSLException.class, () -> send(server, "an answer"));

          assertTrue(String.valueOf(refusal.getMessage()).contains("TLS 1.2"), refusal::toString);
          assertEquals(-1, read(server));
          server.close();
          assertEquals(-1, read(client));
        });
  }

  @ParameterizedTest
  @EnumSource
  void closingEndsTheStreamOfThePeer(TlsVersion version) throws Exception {
    TlsPairs.withTls(
        version,
        (client, server) -> {
          send(client, "bye");
          client.close();
          client.close(); // does nothing

          assertEquals("bye", receive(server, 3));
          assertEquals(-1, read(server));
          assertFalse(client.isOpen());
          assertThrows(ClosedChannelException.class, () -> read(client));
          assertThrows(ClosedChannelException.class, () -> send(client, "more"));
          assertThrows(ClosedChannelException.class, client::shutdownOutput);
        });
  }

  @ParameterizedTest
  @EnumSource
  void aTransportThatEndsByItselfIsATruncation(TlsVersion version) throws Exception {
    TlsPairs.withTcp(
        (left, right) ->
            TlsPairs.over(
                left,
                right,
                TlsPairs.client(version),
                SERVER,
                (client, server) -> {
                  send(client, "part of a message");
                  left.shutdownOutput();

                  assertEquals("part of a message", receive(server, 17));
                  assertThrows(TruncatedStreamException.class, () -> read(server));
                  assertThrows(SSLException.class, () -> read(server));
                  assertThrows(SSLException.class, () -> send(server, "answer"));
                }));
  }

  @Test
  void aRecordThatEndsInTheMiddleIsATruncation() throws Exception {
    TlsPairs.withTcp(
        (left, right) ->
            TlsPairs.over(
                left,
                right,
                CLIENT,
                SERVER,
                (client, server) -> {
                  send(left, new byte[] {23, 3, 3, 0});
                  left.shutdownOutput();

                  assertThrows(TruncatedStreamException.class, () -> read(server));
                }));
  }

  @Test
  void closingEndsTheReadOfAnotherFiber() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          Fiber closer = Fiber.start(server::close);
          assertThrows(AsynchronousCloseException.class, () -> read(server));
          closer.join();
          assertEquals(-1, read(client));
        });
  }

  @Test
  void closingEndsTheWriteOfAnotherFiberAndThePeerFindsTheStreamTruncated() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment much = arena.allocate(16 << 20);
            Fiber closer = Fiber.start(server::close);
            assertThrows(AsynchronousCloseException.class, () -> server.write(much));
            closer.join();
            MemorySegment buffer = arena.allocate(100_000);
            assertThrows(
                TruncatedStreamException.class,
                () -> {
                  while (client.read(buffer) >= 0) {}
                });
          }
        });
  }

  @Test
  void aPeerThatDoesNotReadHoldsUpNoCloseForLong() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Arena arena = Arena.ofShared()) {
            MemorySegment much = arena.allocate(16 << 20);
            assertThrows(
                DeadlineExceededException.class,
                () -> server.write(much, Deadline.after(Duration.ofMillis(1))));
            server.close();
            assertFalse(server.isOpen());
          }
        });
  }

  // ---- deadlines, cancels and two fibers

  @Test
  void aReadPastItsDeadlineLosesNothing() throws Exception {
    TlsPairs.withTcp(
        (left, right) ->
            TlsPairs.over(
                left,
                right,
                CLIENT,
                SERVER,
                (client, server) -> {
                  byte[] record = TlsRecords.encrypted(client, "whole");
                  send(left, Arrays.copyOf(record, 10));
                  assertThrows(
                      DeadlineExceededException.class,
                      () -> readBy(server, Deadline.after(Duration.ofMillis(1))));
                  assertThrows(DeadlineExceededException.class, () -> readBy(server, Deadline.NOW));
                  send(left, Arrays.copyOfRange(record, 10, record.length));
                  assertEquals("whole", receive(server, 5));
                }));
  }

  private static int readBy(ByteStream stream, Deadline deadline) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      return stream.read(arena.allocate(100), deadline);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aWriteThatItsDeadlineCutsOffLeavesAWholeStream(TlsVersion version) throws Exception {
    byte[] bytes = random(16 << 20, 3);
    TlsPairs.withTls(
        version,
        (client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment much = arena.allocateFrom(JAVA_BYTE, bytes);
            assertThrows(
                DeadlineExceededException.class,
                () -> server.write(much, Deadline.after(Duration.ofMillis(20))));

            Task<Integer> reading = bundle.go(() -> readPrefix(client, bytes));
            send(server, "end");
            server.shutdownOutput();

            assertTrue(reading.join() > 0);
          }
        });
  }

  /** Reads to the end, which must be a part of {@code bytes} and then "end"; returns its length. */
  private static int readPrefix(TlsSocket socket, byte[] bytes) throws IOException {
    byte[] received = new byte[bytes.length];
    int length = 0;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(100_000);
      for (int count; (count = socket.read(target)) >= 0; length += count) {
        MemorySegment.copy(target, JAVA_BYTE, 0, received, length, count);
      }
    }
    assertArrayEquals(
        "end".getBytes(StandardCharsets.UTF_8), Arrays.copyOfRange(received, length - 3, length));
    assertEquals(-1, Arrays.mismatch(bytes, 0, length - 3, received, 0, length - 3));
    return length;
  }

  @Test
  void whatWriteSomeReturnsArrivesThoughItsDeadlineHasPassed() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment piece = arena.allocate(60_000);
            int written = writeUntilItWaits(server, piece);
            Task<Integer> reading = bundle.go(() -> countToEnd(client));
            server.shutdownOutput();
            assertEquals(written, reading.join());
          }
        });
  }

  private static int writeUntilItWaits(TlsSocket socket, MemorySegment piece) throws IOException {
    int written = 0;
    try {
      while (true) {
        written += socket.writeSome(piece, Deadline.after(Duration.ofMillis(5)));
      }
    } catch (DeadlineExceededException e) {
      return written;
    }
  }

  private static int countToEnd(TlsSocket socket) throws IOException {
    int length = 0;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(100_000);
      for (int count; (count = socket.read(target)) >= 0; ) {
        length += count;
      }
    }
    return length;
  }

  @Test
  void aCancelledFiberEndsItsReadAndTheSessionWorksOn() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> reading = bundle.go(() -> read(server));
            Fiber.yield();
            reading.cancel();
            assertThrows(TaskCancelledException.class, reading::join);
          }
          send(client, "still here");
          assertEquals("still here", receive(server, 10));
        });
  }

  @Test
  void aCancelledFiberCanCloseASession() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<Integer> reading =
                bundle.go(
                    () -> {
                      try (server) {
                        return read(server);
                      } catch (CancelledException e) {
                        return 1;
                      }
                    });
            Fiber.yield();
            reading.cancel();
            assertEquals(-1, read(client));
          }
        });
  }

  @Test
  void twoFibersMayNotReadOrWriteAtOnce() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        SERVER,
        (client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment much = arena.allocate(16 << 20);
            Task<?> reading = bundle.go(() -> read(server));
            Task<?> writing = bundle.go(() -> server.write(much));
            Fiber.yield();
            assertThrows(IllegalStateException.class, () -> read(server));
            assertThrows(IllegalStateException.class, () -> send(server, "x"));
            assertThrows(IllegalStateException.class, server::shutdownOutput);
            reading.cancel();
            writing.cancel();
          }
        });
  }
}
