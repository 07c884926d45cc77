// SPDX-License-Identifier: Apache-2.0
package dev.weft.framing;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.framing.Peers.assertErrno;
import static dev.weft.framing.Peers.bytes;
import static dev.weft.framing.Peers.receive;
import static dev.weft.framing.Peers.room;
import static dev.weft.framing.Peers.text;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.framing.Peers.OneByteStream;
import dev.weft.internal.io.BufferPool;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.ByteStream;
import dev.weft.io.MessageStream;
import dev.weft.io.SegmentList;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What all streams of messages over a byte stream have in common. */
abstract class FramingTest {
  private static final FramingOptions SMALL = FramingOptions.defaults().withBufferBytes(64);

  /** Attaches the stream that is tested. */
  abstract MessageStream attach(ByteStream stream, FramingOptions options);

  /** Detaches it. */
  abstract ByteStream detach(MessageStream stream) throws IOException;

  /** The bytes of a message in its frame. */
  abstract String framed(String message);

  private MessageStream attach(ByteStream stream) {
    return attach(stream, FramingOptions.defaults());
  }

  @Test
  void messagesGoBothWaysAndThenPlainBytes() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          MessageStream server = attach(right);

          client.send(bytes("ABC"));
          client.send(bytes(""));
          assertEquals("ABC", receive(server));
          assertEquals("", receive(server));
          server.send(bytes("DEFG"));
          assertEquals("DEFG", receive(client));

          assertSame(left, detach(client));
          assertSame(right, detach(server));
          right.write(bytes("plain"));
          assertEquals("plain", Peers.read(left, 5));
        });
  }

  @Test
  void messagesCanBeReceivedAfterTheOtherEndHasDetached() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          client.send(bytes("first"));
          client.send(bytes("second"));
          detach(client).write(bytes("plain"));

          MessageStream server = attach(right);
          assertEquals("first", receive(server));
          assertEquals("second", receive(server));
          assertEquals("plain", Peers.read(detach(server), 5));
        });
  }

  /** What was read ahead is in the stream that detach returns, and ends with the peer's output. */
  @Test
  void whatWasReadAheadIsReadFirstAfterDetaching() throws Exception {
    Peers.run(
        (left, right) -> {
          left.write(bytes(framed("message") + "some rest"));
          MessageStream server = attach(right);
          assertEquals("message", receive(server));

          ByteStream rest = detach(server);
          left.write(bytes(framed("again") + "!"));
          left.shutdownOutput();

          assertEquals("some rest", Peers.read(rest, 9));
          MessageStream again = attach(rest);
          assertEquals("again", receive(again));
          ByteStream last = detach(again);
          assertEquals("!", Peers.read(last, 1));
          assertEquals(-1, last.read(room(1)));
        });
  }

  @Test
  void messagesOfAllSizesPassInSmallPieces() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(new OneByteStream(left), SMALL);
          MessageStream server = attach(new OneByteStream(right), SMALL);
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  for (int length = 0; length < 200; length++) {
                    client.send(bytes("m".repeat(length)));
                  }
                  left.shutdownOutput();
                });
            MemorySegment target = room(200);
            for (int length = 0; length < 200; length++) {
              assertEquals(length, server.receive(target));
              assertEquals("m".repeat(length), text(target.asSlice(0, length)));
            }
            assertEquals(-1, server.receive(target));
            bundle.await();
          }
        });
  }

  /** libdill iol: five segments to send and five to fill or skip, of random sizes. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void listsAreGatheredAndScatteredInOrder(long seed) throws Exception {
    Random random = new Random(seed);
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left, SMALL);
          MessageStream server = attach(right, SMALL);
          for (int round = 0; round < 100; round++) {
            SegmentList sent = new SegmentList();
            StringBuilder message = new StringBuilder();
            for (int i = 0; i < 5; i++) {
              String part = String.valueOf((char) ('a' + i)).repeat(random.nextInt(70));
              sent.add(bytes(part));
              message.append(part);
            }
            client.send(sent);
            assertScattered(server, message.toString(), random);
          }
        });
  }

  private static void assertScattered(MessageStream source, String message, Random random)
      throws IOException {
    SegmentList target = new SegmentList();
    for (int i = 0; i < 4; i++) {
      int size = random.nextInt(70);
      if (random.nextInt(3) == 0) {
        target.skip(size);
      } else {
        target.add(room(size));
      }
    }
    target.add(room(400));

    assertEquals(message.length(), source.receive(target));

    int from = 0;
    for (int i = 0; i < 5 && from < message.length(); i++) {
      int bytes = (int) Math.min(target.byteSize(i), message.length() - from);
      MemorySegment segment = target.segment(i);
      if (segment != null) {
        assertEquals(message.substring(from, from + bytes), text(segment.asSlice(0, bytes)));
      }
      from += bytes;
    }
  }

  @Test
  void aWholeMessageCanBeSkipped() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          client.send(bytes("skipped".repeat(1000)));
          client.send(bytes("kept"));

          MessageStream server = attach(right, SMALL);
          assertEquals(7000, server.receive(new SegmentList().skip(Long.MAX_VALUE)));
          assertEquals("kept", receive(server));
        });
  }

  @Test
  void anEndBetweenMessagesIsTheEndFromThenOn() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          left.write(bytes(framed("last")));
          left.shutdownOutput();

          assertEquals("last", receive(server));
          assertEquals("end", receive(server));
          assertEquals("end", receive(server));
          server.send(bytes("answer"));
          assertEquals(framed("answer"), Peers.read(left, framed("answer").length()));
          assertSame(right, detach(server));
        });
  }

  @Test
  void anEndInAMessageIsAFailure() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          String whole = framed("broken off");
          left.write(bytes(whole.substring(0, whole.length() - 1)));
          left.shutdownOutput();

          assertThrows(EOFException.class, () -> receive(server));
          assertErrno(Errno.ECONNRESET, assertThrows(ErrnoException.class, () -> receive(server)));
        });
  }

  @Test
  void aMessageThatDoesNotFitFailsAndSoDoesEveryLaterReceive() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          left.write(bytes(framed("1234") + framed("12345") + framed("1")));

          assertEquals(4, server.receive(room(4)));
          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> server.receive(room(4))));
          for (int i = 0; i < 2; i++) {
            ErrnoException later = assertThrows(ErrnoException.class, () -> receive(server));
            assertErrno(Errno.ECONNRESET, later);
            assertErrno(Errno.EMSGSIZE, (ErrnoException) later.getCause());
          }
          server.send(bytes("still"));
          assertEquals("still", receive(attach(left)));
          assertErrno(Errno.ECONNRESET, assertThrows(ErrnoException.class, () -> detach(server)));
        });
  }

  @Test
  void theLimitHoldsForMessagesThatAreSkipped() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right, SMALL.withMaxMessageBytes(300));
          left.write(bytes(framed("x".repeat(300)) + framed("x".repeat(301))));

          SegmentList all = new SegmentList().skip(Long.MAX_VALUE);
          assertEquals(300, server.receive(all));
          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> server.receive(all)));
        });
  }

  @Test
  void aMessageThatIsTooLongToBeSentIsRefusedBeforeAnyOfIt() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left, FramingOptions.defaults().withMaxMessageBytes(3));

          assertErrno(
              Errno.EMSGSIZE, assertThrows(ErrnoException.class, () -> client.send(bytes("four"))));
          client.send(bytes("fit"));
          assertEquals("fit", receive(attach(right)));
        });
  }

  @Test
  void aReceiveThatExpiresMakesLaterOnesFail() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          Deadline soon = Deadline.after(Duration.ofMillis(1));

          assertThrows(DeadlineExceededException.class, () -> server.receive(room(9), soon));
          left.write(bytes(framed("late")));

          ErrnoException later = assertThrows(ErrnoException.class, () -> receive(server));
          assertErrno(Errno.ECONNRESET, later);
          assertEquals(DeadlineExceededException.class, later.getCause().getClass());
        });
  }

  /** Whether anything was transferred or not: the caller need not know. */
  @Test
  void aDeadlineThatHasPassedIsAFailureToo() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          Deadline past = Deadline.after(Duration.ofSeconds(-1));

          assertThrows(DeadlineExceededException.class, () -> client.send(bytes("no"), past));
          assertErrno(
              Errno.ECONNRESET,
              assertThrows(ErrnoException.class, () -> client.send(bytes("nor this"))));
          right.write(bytes(framed("yes")));
          assertEquals("yes", receive(client));
          assertThrows(DeadlineExceededException.class, () -> client.receive(room(9), past));
          assertErrno(Errno.ECONNRESET, assertThrows(ErrnoException.class, () -> receive(client)));
        });
  }

  @Test
  void aSendThatExpiresMakesLaterOnesFailButNoReceive() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          MemorySegment large = room(64 << 20); // more than the kernel buffers
          large.fill((byte) 'x');
          Deadline soon = Deadline.after(Duration.ofMillis(5));

          assertThrows(DeadlineExceededException.class, () -> client.send(large, soon));
          assertErrno(
              Errno.ECONNRESET,
              assertThrows(ErrnoException.class, () -> client.send(bytes("more"))));
          right.write(bytes(framed("received")));
          assertEquals("received", receive(client));
        });
  }

  @Test
  void aCancelledReceiveMakesLaterOnesFail() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          try (Bundle bundle = Bundle.open()) {
            Task<Void> receiver =
                bundle.go(
                    () -> {
                      assertThrows(CancelledException.class, () -> server.receive(room(9)));
                    });
            Fiber.yield();
            receiver.cancel();
            bundle.await();
          }
          left.write(bytes(framed("late")));
          assertErrno(Errno.ECONNRESET, assertThrows(ErrnoException.class, () -> receive(server)));
        });
  }

  @Test
  void oneFiberAtATimeMayReceive() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          try (Bundle bundle = Bundle.open()) {
            Task<String> receiver = bundle.go(() -> receive(server));
            Fiber.yield();

            assertThrows(IllegalStateException.class, () -> receive(server));
            assertThrows(IllegalStateException.class, () -> detach(server));

            left.write(bytes(framed("for the first")));
            assertEquals("for the first", receiver.join());
          }
        });
  }

  @Test
  void closingEndsTheReceiveOfAnotherFiber() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream server = attach(right);
          try (Bundle bundle = Bundle.open()) {
            Task<AsynchronousCloseException> receiver =
                bundle.go(
                    () -> assertThrows(AsynchronousCloseException.class, () -> receive(server)));
            Fiber.yield();
            server.close();
            receiver.join();
          }
          server.close();
          assertThrows(ClosedChannelException.class, () -> receive(server));
          assertThrows(ClosedChannelException.class, () -> server.send(bytes("x")));
          assertThrows(ClosedChannelException.class, () -> detach(server));
        });
  }

  @Test
  void aDetachedStreamRefusesCallsAndItsCloseLeavesTheOtherOpen() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          ByteStream stream = detach(client);

          assertThrows(ClosedChannelException.class, () -> client.send(bytes("x")));
          client.close();
          stream.write(bytes("open"));
          assertEquals("open", Peers.read(right, 4));
        });
  }

  @Test
  void memoryThatCantBeUsedIsRefusedBeforeTheCallBegins() throws Exception {
    Peers.run(
        (left, right) -> {
          MessageStream client = attach(left);
          MessageStream server = attach(right);
          MemorySegment heap = MemorySegment.ofArray(new byte[4]);
          MemorySegment readOnly = room(4).asReadOnly();
          Arena arena = Arena.ofConfined();
          MemorySegment freed = arena.allocate(4);
          arena.close();

          assertThrows(IllegalArgumentException.class, () -> client.send(heap));
          assertThrows(IllegalStateException.class, () -> client.send(freed));
          assertThrows(
              IllegalArgumentException.class, () -> client.send(new SegmentList().skip(1)));
          assertThrows(IllegalArgumentException.class, () -> server.receive(heap));
          assertThrows(IllegalArgumentException.class, () -> server.receive(readOnly));
          assertThrows(IllegalStateException.class, () -> server.receive(SegmentList.of(freed)));
          client.send(readOnly);
          assertEquals(4, server.receive(room(4)));
        });
  }

  @Test
  void aStreamHoldsABufferOnlyWhileItNeedsOne() throws Exception {
    Peers.run(
        (left, right) -> {
          BufferPool.Buffers buffers = BufferPool.of(EventLoop.require("test"), 64);
          MessageStream client = attach(left, SMALL);
          MessageStream server = attach(right, SMALL);
          client.send(bytes("message"));
          assertEquals("message", receive(server));
          assertEquals(0, buffers.taken(), "idle");

          left.write(bytes(framed("message") + "rest"));
          assertEquals("message", receive(server));
          ByteStream rest = detach(server);
          assertEquals("re", Peers.read(rest, 2));
          assertEquals(1, buffers.taken(), "there is a rest");
          assertEquals("st", Peers.read(rest, 2));
          assertEquals(0, buffers.taken(), "the rest was read");
        });
  }

  @Test
  void aStreamThatIsClosedGivesItsBufferBack() throws Exception {
    Peers.run(
        (left, right) -> {
          BufferPool.Buffers buffers = BufferPool.of(EventLoop.require("test"), 64);
          left.write(bytes(framed("message") + "rest"));
          MessageStream server = attach(right, SMALL);
          assertEquals("message", receive(server));
          assertEquals(1, buffers.taken());
          server.close();
          assertEquals(0, buffers.taken());
        });
    Peers.run(
        (left, right) -> {
          BufferPool.Buffers buffers = BufferPool.of(EventLoop.require("test"), 64);
          left.write(bytes(framed("message").substring(0, 3)));
          MessageStream server = attach(right, SMALL);
          try (Bundle bundle = Bundle.open()) {
            Task<AsynchronousCloseException> receiver =
                bundle.go(
                    () -> assertThrows(AsynchronousCloseException.class, () -> receive(server)));
            Fiber.yield();
            assertEquals(1, buffers.taken());
            server.close();
            receiver.join();
          }
          assertEquals(0, buffers.taken());
        });
  }
}
