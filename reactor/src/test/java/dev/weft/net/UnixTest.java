// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
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
import java.net.UnixDomainSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Unix sockets for streams, which all backends have. */
class UnixTest {
  @TempDir private Path directory;

  private UnixDomainSocketAddress path(String name) {
    return UnixDomainSocketAddress.of(directory.resolve(name));
  }

  private static void echo(UnixListener listener) throws IOException {
    try (UnixSocket socket = listener.accept();
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(5000);
      for (int count; (count = socket.read(buffer)) >= 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
    }
  }

  @Test
  void everyByteIsEchoedAndThenTheEnd() throws Exception {
    byte[] sent = new byte[1_000_000];
    new Random(1).nextBytes(sent);
    Reactors.run(
        () -> {
          try (UnixListener listener = UnixListener.bind(path("echo"));
              Bundle bundle = Bundle.open()) {
            bundle.go(() -> echo(listener));
            try (UnixSocket client = UnixSocket.connect(path("echo"));
                Arena arena = Arena.ofShared()) {
              MemorySegment bytes = arena.allocate(sent.length);
              bytes.copyFrom(MemorySegment.ofArray(sent));
              bundle.go(
                  () -> {
                    client.write(bytes);
                    client.shutdownOutput();
                  });
              MemorySegment received = arena.allocate(sent.length);
              client.readFully(received);
              assertEquals(-1, received.mismatch(bytes));
              assertEquals(-1, client.read(received));
            }
            bundle.await();
          }
        });
  }

  @Test
  void eachEndKnowsTheAddresses() throws Exception {
    Reactors.run(
        () -> {
          try (UnixListener listener = UnixListener.bind(path("names"));
              UnixSocket client = UnixSocket.connect(path("names"));
              UnixSocket server = listener.accept()) {
            assertEquals(path("names"), listener.localAddress());
            assertEquals(path("names"), client.remoteAddress());
            assertEquals(path("names"), server.localAddress());
            assertEquals(UnixDomainSocketAddress.of(""), client.localAddress(), "it has none");
          }
        });
  }

  @Test
  void aPathIsTakenUntilItIsDeleted() throws Exception {
    Reactors.run(
        () -> {
          UnixListener.bind(path("taken")).close();
          assertTrue(Files.exists(directory.resolve("taken")));
          ErrnoException e =
              assertThrows(ErrnoException.class, () -> UnixListener.bind(path("taken")));
          assertEquals(Errno.EADDRINUSE, e.errno());
          e = assertThrows(ErrnoException.class, () -> UnixSocket.connect(path("taken")));
          assertEquals(Errno.ECONNREFUSED, e.errno());
          Files.delete(directory.resolve("taken"));
          e = assertThrows(ErrnoException.class, () -> UnixSocket.connect(path("taken")));
          assertEquals(Errno.ENOENT, e.errno());
          UnixListener.bind(path("taken")).close();
        });
  }

  @Test
  void aPathOfMoreThan107BytesIsRefusedByItsLength() throws Exception {
    Reactors.run(
        () -> {
          int rest = 107 - directory.toString().length() - 1;
          // The JDK's limit is one byte less.
          boolean isJdks = Reactor.current().backend() == BackendKind.SELECTOR;
          UnixDomainSocketAddress longest = path("x".repeat(isJdks ? rest - 1 : rest));
          try (UnixListener listener = UnixListener.bind(longest);
              UnixSocket client = UnixSocket.connect(longest)) {
            assertEquals(longest, client.remoteAddress());
            listener.accept().close();
          }
          UnixDomainSocketAddress tooLong = path("x".repeat(rest + 1));
          ErrnoException e = assertThrows(ErrnoException.class, () -> UnixListener.bind(tooLong));
          assertEquals(Errno.ENAMETOOLONG, e.errno());
          assertTrue(e.getMessage().contains("108 bytes, at most 107"), e.getMessage());
          e = assertThrows(ErrnoException.class, () -> UnixSocket.connect(tooLong));
          assertEquals(Errno.ENAMETOOLONG, e.errno());
        });
  }

  @Test
  void otherAddressesAreRefused() throws Exception {
    Reactors.run(
        () -> {
          InetSocketAddress internet = new InetSocketAddress(InetAddress.getLoopbackAddress(), 1);
          assertThrows(IllegalArgumentException.class, () -> UnixListener.bind(internet));
          assertThrows(IllegalArgumentException.class, () -> UnixSocket.connect(internet));
          UnixDomainSocketAddress none = UnixDomainSocketAddress.of("");
          assertThrows(IllegalArgumentException.class, () -> UnixListener.bind(none));
        });
  }

  @Test
  void acceptEndsAtItsDeadlineAndWhenTheListenerIsClosed() throws Exception {
    Reactors.run(
        () -> {
          UnixListener listener = UnixListener.bind(path("closed"));
          assertThrows(
              DeadlineExceededException.class,
              () -> listener.accept(Deadline.after(Duration.ofMillis(1))));
          assertThrows(IllegalStateException.class, () -> listener.acceptMessages());
          Fiber waiting =
              Fiber.start(
                  () -> assertThrows(AsynchronousCloseException.class, () -> listener.accept()));
          Fiber.yield();
          listener.close();
          waiting.join();
        });
  }

  @Test
  void aReadEndsWhenTheSocketIsClosed() throws Exception {
    Reactors.run(
        () -> {
          UnixListener listener = UnixListener.bind(path("read"));
          UnixSocket client = UnixSocket.connect(path("read"));
          try (listener;
              UnixSocket server = listener.accept();
              Arena arena = Arena.ofConfined()) {
            Fiber waiting =
                Fiber.start(
                    () -> {
                      try (Arena mine = Arena.ofConfined()) {
                        MemorySegment target = mine.allocate(1);
                        assertThrows(AsynchronousCloseException.class, () -> client.read(target));
                      }
                    });
            Fiber.yield();
            client.close();
            waiting.join();
            assertFalse(client.isOpen());
            assertEquals(-1, server.read(arena.allocate(1)));
          }
        });
  }
}
