// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberTask;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.net.ReceiveBuffer;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Cancels what is in progress on streams, which stay open, and waits for its end. */
class PendingTest {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  /** More than the buffers of a pipe or connection hold. */
  private static final long MUCH = 32L << 20;

  private static void assertCancelled(FiberTask task) {
    ErrnoException e = assertThrows(ErrnoException.class, task::run);
    assertEquals(Errno.ECANCELED, e.errno());
  }

  /** Yields until {@code task} waits in a call of that name. */
  private static void untilWaiting(Task<?> task) {
    while (task.fiber().waitingFor().isEmpty()) {
      Fiber.yield();
    }
  }

  @Test
  void aReadIsCancelledAndTheNextOneWorks() throws Exception {
    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofShared();
              Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            MemorySegment target = arena.allocate(8);
            var reader = bundle.go(() -> assertCancelled(() -> pipe.source().read(target)));
            untilWaiting(reader);

            Pending.cancel(pipe.source());
            reader.join();

            pipe.sink().write(arena.allocateFrom("again"));
            assertEquals(6, pipe.source().read(target));
          }
        });
  }

  @Test
  void aWriteIsCancelledThatHasWrittenAPart() throws Exception {
    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofShared();
              Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            MemorySegment bytes = arena.allocate(MUCH);
            var writer = bundle.go(() -> assertCancelled(() -> pipe.sink().write(bytes)));
            untilWaiting(writer);
            assertTrue(pipe.source().read(arena.allocate(1)) > 0);

            Pending.cancel(pipe.sink());
            writer.join();

            assertTrue(pipe.source().read(bytes) > 0);
            pipe.sink().write(bytes.asSlice(0, 1));
          }
        });
  }

  @Test
  void aLargeWriteToAConnectionIsCancelled() throws Exception {
    connected(
        (client, server) -> {
          try (Arena arena = Arena.ofShared();
              Bundle bundle = Bundle.open()) {
            MemorySegment bytes = arena.allocate(MUCH);
            var writer = bundle.go(() -> assertCancelled(() -> client.write(bytes)));
            untilWaiting(writer);

            Pending.cancel(client);
            writer.join();
            assertTrue(client.isOpen());
          }
        });
  }

  @Test
  void aReceiveIntoABufferOfTheReactorIsCancelled() throws Exception {
    connected(
        (client, server) -> {
          try (Arena arena = Arena.ofConfined();
              Bundle bundle = Bundle.open()) {
            for (int i = 0; i < 2; i++) {
              var receiver = bundle.go(() -> assertCancelled(client::receive));
              untilWaiting(receiver);
              Pending.cancel(client);
              receiver.join();
            }
            server.write(arena.allocateFrom("late"));
            try (ReceiveBuffer buffer = client.receive()) {
              assertEquals(5, buffer.segment().byteSize());
            }
          }
        });
  }

  @Test
  void anAcceptIsCancelledAndTheListenerGoesOn() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY);
              Bundle bundle = Bundle.open()) {
            var accepting = bundle.go(() -> assertCancelled(listener::accept));
            untilWaiting(accepting);

            Pending.cancel(listener);
            accepting.join();

            try (TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = listener.accept()) {
              assertEquals(client.localAddress(), server.remoteAddress());
            }
          }
        });
  }

  @Test
  void whatIsInProgressIsAwaitedAndNotWhatBeginsLater() throws Exception {
    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofShared();
              Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            List<String> log = new ArrayList<>();
            MemorySegment bytes = arena.allocate(2);
            var reader =
                bundle.go(
                    () -> {
                      pipe.source().read(bytes);
                      log.add("read");
                      pipe.source().read(bytes);
                    });
            untilWaiting(reader);
            var waiter =
                bundle.go(
                    () -> {
                      Pending.await(pipe.source());
                      log.add("awaited");
                    });
            untilWaiting(waiter);
            assertEquals(List.of(), log);

            pipe.sink().write(arena.allocateFrom("a"));
            waiter.join();
            assertTrue(log.contains("awaited"));
            reader.cancel();
          }
        });
  }

  @Test
  void nothingInProgressIsNotWaitedFor() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            Pending.await(pipe.source(), Deadline.NOW);
            Pending.cancel(pipe.source());
          }
        });
  }

  @Test
  void awaitingEndsAtItsDeadlineAndLeavesTheRead() throws Exception {
    Reactors.run(
        () -> {
          try (Arena arena = Arena.ofShared();
              Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            var reader = bundle.go(() -> pipe.source().read(arena.allocate(2)));
            untilWaiting(reader);

            assertThrows(
                DeadlineExceededException.class,
                () -> Pending.await(pipe.source(), Deadline.after(Duration.ofMillis(1))));

            assertFalse(reader.fiber().isDone());
            pipe.sink().write(arena.allocateFrom("a"));
            assertEquals(2, reader.join());
          }
        });
  }

  @Test
  void whatIsClosedIsRefused() throws Exception {
    Reactors.run(
        () -> {
          Pipe pipe = Pipe.open();
          pipe.close();
          assertThrows(ClosedChannelException.class, () -> Pending.cancel(pipe.source()));
          assertThrows(ClosedChannelException.class, () -> Pending.await(pipe.source()));
          TcpListener listener = TcpListener.bind(ANY);
          listener.close();
          assertThrows(ClosedChannelException.class, () -> Pending.cancel(listener));
          assertThrows(ClosedChannelException.class, () -> Pending.await(listener));
        });
  }

  private interface Connected {
    void run(TcpSocket client, TcpSocket server) throws Exception;
  }

  private static void connected(Connected body) throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(ANY);
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept()) {
            body.run(client, server);
          }
        });
  }
}
