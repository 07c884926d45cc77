// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.ReactorOptions;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.ReceivePool;
import dev.weft.internal.strand.EventLoop;
import dev.weft.io.Pipe;
import dev.weft.io.Poll;
import dev.weft.io.Splice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Receives into buffers that are leased from the reactor. */
class ReceiveTest {
  private static final Deadline NOW = Deadline.NOW;

  interface Connected {
    void run(TcpSocket left, TcpSocket right, Arena arena) throws Exception;
  }

  static void connected(Connected test) throws Exception {
    Reactors.run(() -> connect(test));
  }

  private static void connect(Connected test) throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (TcpListener listener = TcpListener.bind(any);
        TcpSocket left = TcpSocket.connect(listener.localAddress());
        TcpSocket right = listener.accept();
        Arena arena = Arena.ofShared()) {
      test.run(left, right, arena);
    }
  }

  private static ReceivePool pool() {
    return Objects.requireNonNull(EventLoop.require("test").extensions.get(ReceivePool.class));
  }

  /** Receives a text that ends with a zero byte, in one piece. */
  static String receiveText(StreamSocket socket) throws IOException {
    try (ReceiveBuffer bytes = socket.receive()) {
      return Objects.requireNonNull(bytes).segment().getString(0);
    }
  }

  /** Lets "bcdef" be received in advance, where that is done: no call has asked for it. */
  static void receiveInAdvance(TcpSocket left, TcpSocket right, Arena arena) throws IOException {
    left.write(arena.allocateFrom("a"));
    assertEquals("a", receiveText(right));
    left.write(arena.allocateFrom("bcdef"));
    awaitArrival(right);
  }

  private static void awaitArrival(StreamSocket socket) throws IOException {
    if (!pool().hasGroup()) {
      Poll.readable(socket, Deadline.NEVER);
      return;
    }
    while (pool().inUse() == 0) {
      Fiber.yield();
    }
  }

  @Test
  void bytesAreReceivedUntilTheEndOfTheStream() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(arena.allocateFrom("abc"));
          try (ReceiveBuffer bytes = right.receive()) {
            assertNotNull(bytes);
            assertEquals(4, bytes.length());
            assertEquals(4, bytes.segment().byteSize());
            assertEquals("abc", bytes.segment().getString(0));
          }
          right.write(arena.allocateFrom("reply"));
          assertEquals("reply", receiveText(left));
          left.shutdownOutput();
          assertNull(right.receive());
          assertNull(right.receive());
          right.write(arena.allocateFrom("half-closed"));
          assertEquals("half-closed", receiveText(left));
        });
  }

  @Test
  void aConnectionThatWaitsHasNoBuffer() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(arena.allocateFrom("abc"));
          assertEquals("abc", receiveText(right));
          assertThrows(
              DeadlineExceededException.class,
              () -> right.receive(Deadline.after(Duration.ofMillis(1))));
          assertEquals(0, pool().inUse());
          left.write(arena.allocateFrom("abc"));
          assertEquals("abc", receiveText(right));
        });
  }

  @Test
  void aBufferCantBeUsedOnceItIsClosed() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(arena.allocateFrom("abc"));
          ReceiveBuffer bytes = Objects.requireNonNull(right.receive());
          assertEquals(1, pool().inUse());
          bytes.close();
          bytes.close();
          assertEquals(0, pool().inUse());
          assertThrows(IllegalStateException.class, bytes::segment);
          assertThrows(IllegalStateException.class, bytes::length);
        });
  }

  @Test
  void severalBuffersOfASocketAreLeasedAtTheSameTime() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(arena.allocateFrom("first"));
          ReceiveBuffer first = Objects.requireNonNull(right.receive());
          left.write(arena.allocateFrom("second"));
          ReceiveBuffer second = Objects.requireNonNull(right.receive());
          left.write(arena.allocateFrom("third"));
          try (ReceiveBuffer third = Objects.requireNonNull(right.receive())) {
            second.close();
            assertEquals("first", first.segment().getString(0));
            assertEquals("third", third.segment().getString(0));
          }
          first.close();
          assertEquals(0, pool().inUse());
        });
  }

  @Test
  void manyBytesArriveInOrder() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment sent = arena.allocate(3 << 20);
          for (long i = 0; i < sent.byteSize(); i += 8) {
            sent.set(JAVA_LONG, i, i);
          }
          MemorySegment received = arena.allocate(sent.byteSize());
          try (Bundle bundle = Bundle.open()) {
            bundle.go(
                () -> {
                  left.write(sent);
                  left.shutdownOutput();
                });
            long count = 0;
            for (ReceiveBuffer bytes; (bytes = right.receive()) != null; bytes.close()) {
              MemorySegment.copy(bytes.segment(), 0, received, count, bytes.length());
              count += bytes.length();
            }
            assertEquals(sent.byteSize(), count);
            bundle.await();
          }
          assertEquals(-1, sent.mismatch(received));
          assertEquals(0, pool().inUse());
        });
  }

  @Test
  void withDeadlineNowItReceivesWhatIsThere() throws Exception {
    connected(
        (left, right, arena) -> {
          assertThrows(DeadlineExceededException.class, () -> right.receive(NOW));
          left.write(arena.allocateFrom("abc"));
          Poll.readable(right, Deadline.NEVER);
          try (ReceiveBuffer bytes = Objects.requireNonNull(right.receive(NOW))) {
            assertEquals("abc", bytes.segment().getString(0));
          }
          assertThrows(DeadlineExceededException.class, () -> right.receive(NOW));
          receiveInAdvance(left, right, arena);
          try (ReceiveBuffer bytes = Objects.requireNonNull(right.receive(NOW))) {
            assertEquals("bcdef", bytes.segment().getString(0));
          }
          assertThrows(DeadlineExceededException.class, () -> right.receive(NOW));
          assertEquals(0, pool().inUse());
        });
  }

  // ---- other ways of reading

  @Test
  void aReadGetsWhatWasReceivedInAdvance() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          MemorySegment two = arena.allocate(2);
          assertEquals(2, right.read(two));
          assertEquals('b', two.get(JAVA_BYTE, 0));
          assertEquals("def", receiveText(right)); // from the rest of the buffer
          left.write(arena.allocateFrom("ghi"));
          MemorySegment bytes = arena.allocate(10);
          assertEquals(4, right.read(bytes)); // by an operation of its own again
          left.write(arena.allocateFrom("jkl"));
          assertEquals("jkl", receiveText(right));
          assertEquals(0, pool().inUse());
        });
  }

  @Test
  void aPeekAndATryReadGetWhatWasReceivedInAdvance() throws Exception {
    connected(
        (left, right, arena) -> {
          MemorySegment bytes = arena.allocate(3);
          receiveInAdvance(left, right, arena);
          assertEquals(3, right.peek(bytes));
          assertEquals(3, right.peek(bytes, NOW));
          assertEquals(3, right.tryRead(bytes));
          assertEquals('b', bytes.get(JAVA_BYTE, 0));
          assertEquals(1, right.tryRead(bytes.asSlice(0, 1)));
          assertEquals('e', bytes.get(JAVA_BYTE, 0));
          assertEquals(2, right.read(bytes, NOW));
          assertEquals(0, right.tryRead(bytes));
          assertThrows(DeadlineExceededException.class, () -> right.read(bytes, NOW));
          assertThrows(DeadlineExceededException.class, () -> right.peek(bytes, NOW));
          assertEquals(0, pool().inUse());
        });
  }

  @Test
  void aPollKnowsWhatWasReceivedInAdvance() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          Poll.readable(right, Deadline.NEVER);
          Poll.readable(right, NOW);
          assertEquals("bcdef", receiveText(right));
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> Poll.readable(right, Deadline.NEVER));
            Fiber.yield();
            left.write(arena.allocateFrom("gh"));
            bundle.await();
          }
          assertEquals("gh", receiveText(right));
          left.shutdownOutput();
          Poll.readable(right, Deadline.NEVER);
          assertNull(right.receive());
        });
  }

  @Test
  @Tag("needs-io-uring")
  void unreadBytesCountWhatWasReceivedInAdvance() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          assertEquals(6, right.unreadBytes());
          assertEquals(6, right.stats().unreadBytes());
          right.read(arena.allocate(2));
          assertEquals(4, right.unreadBytes());
        });
  }

  @Test
  void aCopyBeginsWithWhatWasReceivedInAdvance() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          left.write(arena.allocateFrom("ghi"));
          left.shutdownOutput();
          try (Pipe pipe = Pipe.open()) {
            assertEquals(10, Splice.copy(right, pipe.sink()));
            MemorySegment bytes = arena.allocate(10);
            pipe.source().readFully(bytes);
            assertEquals("bcdef", bytes.getString(0));
            assertEquals("ghi", bytes.getString(6));
          }
        });
  }

  // ---- ends

  @Test
  void theBytesBeforeAResetAreReceivedFirst() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          left.resetOnClose();
          left.close();
          if (pool().hasGroup()) {
            assertEquals("bcdef", receiveText(right)); // the kernel drops what it has
          }
          ErrnoException reset =
              assertThrows(
                  ErrnoException.class,
                  () -> {
                    while (true) {
                      Objects.requireNonNull(right.receive()).close();
                    }
                  });
          assertEquals(Errno.ECONNRESET, reset.errno());
          assertNull(right.receive());
        });
  }

  @Test
  void aReceiveEndsWhenItsSocketIsClosed() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          assertEquals("bcdef", receiveText(right));
          try (Bundle bundle = Bundle.open()) {
            bundle.go(() -> assertThrows(AsynchronousCloseException.class, right::receive));
            Fiber.yield();
            right.close();
            bundle.await();
          }
          assertThrows(ClosedChannelException.class, right::receive);
        });
  }

  @Test
  void whatIsUnreadWhenASocketIsClosedIsGivenBack() throws Exception {
    connected(
        (left, right, arena) -> {
          receiveInAdvance(left, right, arena);
          right.close();
          assertEquals(0, pool().inUse());
        });
  }

  @Test
  void aCancelledReceiveLosesNothing() throws Exception {
    connected(
        (left, right, arena) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> task =
                bundle.go(() -> assertThrows(CancelledException.class, () -> right.receive()));
            Fiber.yield();
            task.cancel();
            bundle.await();
          }
          left.write(arena.allocateFrom("abc"));
          assertEquals("abc", receiveText(right));
        });
  }

  @Test
  void aSecondFiberCantReceiveAtTheSameTime() throws Exception {
    connected(
        (left, right, arena) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<?> task = bundle.go(() -> receiveText(right));
            Fiber.yield();
            assertThrows(IllegalStateException.class, right::receive);
            assertThrows(IllegalStateException.class, () -> right.read(arena.allocate(1)));
            left.write(arena.allocateFrom("abc"));
            assertEquals("abc", task.join());
          }
        });
  }

  @Test
  void aUnixSocketReceivesIntoBuffersToo() throws Exception {
    Reactors.run(
        () -> {
          Path path = Files.createTempDirectory("weft").resolve("s");
          UnixDomainSocketAddress address = UnixDomainSocketAddress.of(path);
          try (UnixListener listener = UnixListener.bind(address);
              UnixSocket left = UnixSocket.connect(address);
              UnixSocket right = listener.accept();
              Arena arena = Arena.ofShared()) {
            left.write(arena.allocateFrom("abc"));
            assertEquals("abc", receiveText(right));
            left.write(arena.allocateFrom("def"));
            awaitArrival(right);
            UnixMessage message = new UnixMessage(arena.allocate(10));
            assertEquals(4, right.receive(message));
            assertEquals("def", message.segment().getString(0));
            left.shutdownOutput();
            assertNull(right.receive());
          }
        });
  }

  // ---- the pool

  @Test
  void aPoolHasAtLeastOneMebibyte() {
    ReactorOptions defaults = ReactorOptions.defaults();
    assertEquals(64 << 20, defaults.receivePoolBytes());
    assertThrows(IllegalArgumentException.class, () -> defaults.withReceivePoolBytes(1 << 19));
  }

  // ---- leaks

  @Test
  void aBufferOutlivesItsSocket() throws Exception {
    connected(
        (left, right, arena) -> {
          left.write(arena.allocateFrom("abc"));
          ReceiveBuffer bytes = Objects.requireNonNull(right.receive());
          right.close();
          assertEquals("abc", bytes.segment().getString(0));
          assertEquals(1, pool().inUse());
          bytes.close();
          bytes.close();
          assertEquals(0, pool().inUse());
        });
  }

  @Test
  void aBufferThatIsNotClosedIsALeak() throws Exception {
    List<String> leaks = new ArrayList<>();
    List<ReceiveBuffer> kept = new ArrayList<>();
    Reactors.run(
        Reactors.options().withLeakHandler(leak -> leaks.add(leak.resource())),
        () ->
            connect(
                (left, right, arena) -> {
                  left.write(arena.allocateFrom("abc"));
                  kept.add(right.receive());
                }));
    assertEquals(1, leaks.size(), leaks::toString);
    assertTrue(leaks.getFirst().startsWith("receive buffer of "), leaks::toString);
    assertEquals("abc", kept.getFirst().segment().getString(0)); // the memory is not unmapped
    kept.getFirst().close();
  }
}
