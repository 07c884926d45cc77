// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import static dev.weft.Throwing.assertThrows;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.error.CancelledException;
import dev.weft.error.DeadlineExceededException;
import dev.weft.fs.File;
import dev.weft.io.ByteSink;
import dev.weft.io.ByteSource;
import dev.weft.io.Pipe;
import dev.weft.io.Splice;
import dev.weft.net.SocketPair;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.net.UnixMessage;
import dev.weft.net.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The result of a completed operation is not lost to a cancel or a deadline at the same time. The
 * cancel comes after as many yields as the round's number: before the operation has reached the
 * kernel, while it is there, and after it has completed.
 */
class CompletedWinsTest {
  /** More than the fibers that a turn resumes, so that the kernel is polled in between. */
  private static final int ROUNDS = 150;

  @TempDir private Path folder;

  /** A call that suspends once. */
  private interface Call {
    void run() throws Exception;
  }

  /** Makes a call in a fiber, and cancels it after some yields; returns whether it completed. */
  private static boolean doneDespiteCancel(int yields, Call call) {
    boolean[] done = {false};
    Fiber caller =
        Fiber.start(
            () -> {
              try {
                call.run();
                done[0] = true;
              } catch (CancelledException e) {
                // the call was cancelled
              }
            });
    for (int i = 0; i <= yields; i++) {
      Fiber.yield();
    }
    caller.cancel();
    caller.join();
    return done[0];
  }

  /** Makes a call with a deadline about as long as it takes; returns whether it completed. */
  private static boolean doneInTime(int round, DeadlineCall call) throws Exception {
    try {
      call.run(Deadline.after(Duration.ofNanos(round * 1_000L)));
      return true;
    } catch (DeadlineExceededException e) {
      return false;
    }
  }

  private interface DeadlineCall {
    void run(Deadline deadline) throws Exception;
  }

  private static long descriptors(String target) throws IOException {
    try (Stream<Path> list = Files.list(Path.of("/proc/self/fd"))) {
      return list.filter(fd -> target(fd).startsWith(target)).count();
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return ""; // the descriptor that lists the folder
    }
  }

  @Test
  void aFileIsReturnedOrNotOpened() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "x");
    Reactors.run(
        () -> {
          int opened = 0;
          for (int round = 0; round < ROUNDS; round++) {
            opened += doneDespiteCancel(round, () -> keepOpen(path, Deadline.NEVER)) ? 1 : 0;
            opened += doneInTime(round, deadline -> keepOpen(path, deadline)) ? 1 : 0;
          }
          assertEquals(opened, descriptors(path.toString()));
          assertTrue(opened > 0, "none was opened in time");
          closeKept();
        });
  }

  private final List<AutoCloseable> kept = new ArrayList<>();

  private void keepOpen(Path path, Deadline deadline) throws IOException {
    kept.add(File.open(path, deadline));
  }

  private void closeKept() throws Exception {
    for (AutoCloseable each : kept) {
      each.close();
    }
  }

  @Test
  @Tag("needs-io-uring")
  void descriptorsAreReceivedOrStayInTheSocket() throws Exception {
    Reactors.run(
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket sender = pair.first();
              UnixSocket receiver = pair.second();
              Pipe pipe = Pipe.open();
              Arena arena = Arena.ofConfined()) {
            UnixMessage sent = new UnixMessage(arena.allocate(1));
            sent.setLength(1);
            UnixMessage target = UnixMessage.takingDescriptors(arena.allocate(2));
            long before = descriptors("pipe:");
            for (int round = 0; round < ROUNDS; round++) {
              sent.pass(pipe.sink());
              sent.pass(pipe.source());
              sender.send(sent);
              if (!doneDespiteCancel(round, () -> receiver.receive(target))) {
                receiver.receive(target);
              }
              assertEquals(2, target.descriptorCount());
              target.close();
            }
            assertEquals(before, descriptors("pipe:"));
          }
        });
  }

  private static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  @Test
  void aConnectedSocketIsReturnedOrClosed() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            InetSocketAddress address = listener.localAddress();
            long before = descriptors("socket:");
            int connected = 0;
            for (int round = 0; round < ROUNDS; round++) {
              connected +=
                  doneDespiteCancel(round, () -> kept.add(TcpSocket.connect(address))) ? 1 : 0;
              connected +=
                  doneInTime(round, deadline -> kept.add(TcpSocket.connect(address, deadline)))
                      ? 1
                      : 0;
            }
            assertEquals(before + connected, descriptors("socket:"));
            assertTrue(connected > 0, "none was connected in time");
            closeKept();
          }
        });
  }

  @Test
  void aConnectAfterTheDeadlineMakesNoSocket() throws Exception {
    Reactors.run(
        () -> {
          long before = descriptors("socket:");
          assertThrows(
              DeadlineExceededException.class, () -> TcpSocket.connect(loopback(), Deadline.NOW));
          assertEquals(before, descriptors("socket:"));
        });
  }

  @Test
  void anAcceptedSocketGoesToTheCallerOrToTheNextOne() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback())) {
            for (int round = 0; round < ROUNDS; round++) {
              try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
                boolean taken = doneDespiteCancel(round, () -> acceptFrom(listener, client));
                if (!taken) {
                  assertThrows(DeadlineExceededException.class, () -> listener.accept(past()));
                  acceptFrom(listener, client);
                }
              }
            }
          }
        });
  }

  private static Deadline past() {
    return Deadline.after(Duration.ofSeconds(-1));
  }

  private static void acceptFrom(TcpListener listener, TcpSocket client) throws IOException {
    try (TcpSocket server = listener.accept()) {
      assertEquals(client.localAddress(), server.remoteAddress());
    }
  }

  /** Reads, some of them cancelled, together deliver every byte in order. */
  private void readsAllInOrder(ByteSource source, ByteSender sender) throws Exception {
    for (int round = 0; round < ROUNDS; round++) {
      sender.send((byte) round);
      if (!doneDespiteCancel(round, () -> readOne(source, Deadline.NEVER))) {
        readOne(source, Deadline.NEVER);
      }
      assertEquals((byte) round, lastRead);
      sender.send((byte) ~round);
      if (!doneInTime(round, deadline -> readOne(source, deadline))) {
        readOne(source, Deadline.NEVER);
      }
      assertEquals((byte) ~round, lastRead);
    }
  }

  private byte lastRead;

  private void readOne(ByteSource source, Deadline deadline) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment target = arena.allocate(1);
      assertEquals(1, source.read(target, deadline));
      lastRead = target.get(JAVA_BYTE, 0);
    }
  }

  /** Closes below its initialiser, where a fiber can't be suspended. */
  private static final class ClosesInInitialiser {
    static List<AutoCloseable> open = List.of();

    static void run() {
      new Inner();
    }

    private static final class Inner {
      static {
        try {
          for (AutoCloseable each : open) {
            each.close();
          }
        } catch (Exception e) {
          throw new ExceptionInInitializerError(e);
        }
      }
    }
  }

  @Test
  @Tag("needs-scheduler") // a baton-passing fiber blocks a thread of the JDK's there, which works
  void aCloseInAPinnedFiberReleasesEverything() throws Exception {
    Reactors.run(
        () -> {
          long before = descriptors("socket:") + descriptors("pipe:");
          TcpListener listener = TcpListener.bind(loopback());
          TcpSocket client = TcpSocket.connect(listener.localAddress());
          TcpSocket server = listener.accept(); // leaves a multishot accept in the kernel
          ClosesInInitialiser.open = List.of(client, server, listener, Pipe.open());
          ClosesInInitialiser.run();
          assertEquals(before, descriptors("socket:") + descriptors("pipe:"));
        });
  }

  private interface ByteSender {
    void send(byte value) throws Exception;
  }

  private static void write(ByteSink sink, byte value) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = arena.allocate(1);
      source.set(JAVA_BYTE, 0, value);
      sink.write(source);
    }
  }

  @Test
  void aByteOfAPipeIsReturnedOrStaysInThePipe() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open()) {
            readsAllInOrder(pipe.source(), value -> write(pipe.sink(), value));
          }
        });
  }

  @Test
  void aByteReceivedIsReturnedOrStaysInTheSocket() throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept()) {
            readsAllInOrder(server, value -> write(client, value));
          }
        });
  }

  @Test
  @Tag("needs-io-uring")
  void aSplicedByteIsInExactlyOneOfTheTwoPipes() throws Exception {
    Reactors.run(
        () -> {
          try (Pipe from = Pipe.open();
              Pipe to = Pipe.open()) {
            for (int round = 0; round < ROUNDS; round++) {
              write(from.sink(), (byte) round);
              if (!doneDespiteCancel(round, () -> Splice.copy(from.source(), to.sink(), 1))) {
                // The limit is what the pipe holds, so the copy ends when it has moved that.
                assertEquals(1, Splice.copy(from.source(), to.sink(), 1));
              }
              readOne(to.source(), Deadline.NEVER);
              assertEquals((byte) round, lastRead);
            }
          }
        });
  }
}
