// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.io.DirectPrograms.DIRECT;
import static dev.weft.io.DirectPrograms.assertErrno;
import static dev.weft.io.DirectPrograms.connection;
import static dev.weft.io.DirectPrograms.isOpen;
import static dev.weft.io.DirectPrograms.loopback;
import static dev.weft.io.DirectPrograms.number;
import static dev.weft.io.DirectPrograms.receive;
import static dev.weft.io.DirectPrograms.run;
import static dev.weft.io.DirectPrograms.send;
import static dev.weft.io.DirectPrograms.table;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.BackendKind;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.FiberKind;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ReactorUnavailableException;
import dev.weft.fs.File;
import dev.weft.fs.FileOption;
import dev.weft.net.Datagram;
import dev.weft.net.SocketOption;
import dev.weft.net.SocketOptions;
import dev.weft.net.SocketPair;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import dev.weft.net.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.nio.channels.AsynchronousCloseException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Moves descriptors into the table of a reactor and out of it. */
@Tag("needs-io-uring")
class DirectDescriptorsTest {
  @TempDir Path folder;

  // ---- where there are none

  @Test
  void aReactorOnASelectorHasNoTable() {
    ReactorOptions options = table(4).withBackend(BackendKind.SELECTOR);

    var e = assertThrows(ReactorUnavailableException.class, () -> Reactor.open(options));

    assertTrue(e.getMessage().contains("direct descriptors"), e.getMessage());
  }

  @Test
  void aTableIsNoLargerThanTheLimitOfTheProcess() {
    assertThrows(IllegalArgumentException.class, () -> table(-1));
    assertThrows(IllegalArgumentException.class, () -> table((1 << 20) + 1));
    assertEquals(0, ReactorOptions.defaults().directDescriptors());
  }

  @Test
  void withoutATableNothingGetsADirectDescriptor() throws Exception {
    Path file = folder.resolve("file");
    Reactors.run(
        () -> {
          try (Pipe pipe = Pipe.open();
              TcpListener listener = TcpListener.bind(loopback())) {
            var e =
                assertThrows(
                    IllegalStateException.class, () -> DirectDescriptors.register(pipe.sink()));
            assertTrue(e.getMessage().contains("withDirectDescriptors"), e.getMessage());
            assertThrows(IllegalStateException.class, () -> TcpListener.bind(loopback(), DIRECT));
            assertThrows(
                IllegalStateException.class,
                () -> TcpSocket.connect(listener.localAddress(), DIRECT, Deadline.NEVER));
            assertThrows(
                IllegalStateException.class,
                () ->
                    File.open(
                        file,
                        FileOption.DIRECT_DESCRIPTOR,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE));
            assertFalse(Files.exists(file));
          }
        });
  }

  // ---- moving

  @Test
  void aSocketIsUsedAsBeforeWhileItsDescriptorMoves() throws Exception {
    run(
        4,
        () -> {
          TcpSocket[] ends = connection(SocketOptions.defaults());
          try (TcpSocket client = ends[0];
              TcpSocket server = ends[1]) {
            int plain = number(server);
            DirectDescriptors.register(server);
            assertTrue(DirectDescriptors.isDirect(server));
            assertFalse(isOpen(plain));
            DirectDescriptors.register(server);
            send(client, "in");
            assertEquals("in", receive(server));
            send(server, "out");
            assertEquals("out", receive(client));

            DirectDescriptors.install(server);
            assertFalse(DirectDescriptors.isDirect(server));
            assertTrue(isOpen(number(server)));
            send(client, "in");
            assertEquals("in", receive(server));
            DirectDescriptors.register(server);
            server.shutdownOutput(Deadline.NEVER);
            assertEquals("end", receive(client));
            client.shutdownOutput(Deadline.NEVER);
            assertEquals("end", receive(server));
          }
        });
  }

  @Test
  void theOldDescriptorStaysOpenForTheOperationsThatUseIt() throws Exception {
    run(
        4,
        () -> {
          TcpSocket[] ends = connection(SocketOptions.defaults());
          try (TcpSocket client = ends[0];
              TcpSocket server = ends[1];
              Bundle bundle = Bundle.open()) {
            int plain = number(server);
            Task<String> reader = bundle.go(() -> receive(server));
            Fiber.yield();
            DirectDescriptors.register(server);
            assertTrue(isOpen(plain));
            assertThrows(IllegalStateException.class, () -> DirectDescriptors.install(server));
            send(server, "out");
            assertEquals("out", receive(client));

            send(client, "in");
            assertEquals("in", reader.join());
            assertFalse(isOpen(plain));
            DirectDescriptors.install(server);
          }
        });
  }

  @Test
  void aListenerMovesWhileAFiberAccepts() throws Exception {
    run(
        4,
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              Bundle bundle = Bundle.open()) {
            Task<TcpSocket> accepting = bundle.go(() -> listener.accept());
            Fiber.yield();
            DirectDescriptors.register(listener);
            assertTrue(DirectDescriptors.isDirect(listener));
            try (TcpSocket client = TcpSocket.connect(listener.localAddress());
                TcpSocket server = accepting.join()) {
              assertFalse(DirectDescriptors.isDirect(server));
              send(client, "in");
              assertEquals("in", receive(server));
            }
            DirectDescriptors.install(listener);
          }
        });
  }

  @Test
  void pipesFilesAndUnixSocketsAndDatagramsMove() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "abcdef");
    run(
        8,
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (Pipe pipe = Pipe.open();
              File file = File.open(path);
              UnixSocket left = pair.first();
              UnixSocket right = pair.second();
              UdpSocket socket = UdpSocket.bind(loopback());
              Arena arena = Arena.ofConfined()) {
            Datagram datagram = new Datagram(arena.allocate(10));
            InetSocketAddress address = socket.localAddress();
            for (AutoCloseable each :
                List.of(pipe.source(), pipe.sink(), file, left, right, socket)) {
              DirectDescriptors.register(each);
            }
            send(pipe.sink(), "pipe");
            assertEquals("pipe", receive(pipe.source()));
            send(left, "unix");
            assertEquals("unix", receive(right));
            datagram.setAddress(address);
            datagram.setLength(3);
            socket.send(datagram);
            socket.receive(datagram);
            assertEquals(3, datagram.length());
            assertEquals(6, Splice.copy(file, pipe.sink()));
            assertEquals("abcdef", receive(pipe.source()));
            assertEquals(6, file.stat().sizeBytes());
            pipe.sink().close();
            assertEquals("end", receive(pipe.source()));
          }
        });
  }

  @Test
  void aFullTableLeavesADescriptorWhereItIs() throws Exception {
    run(
        1,
        () -> {
          try (Pipe pipe = Pipe.open()) {
            DirectDescriptors.register(pipe.source());
            assertErrno(Errno.ENFILE, () -> DirectDescriptors.register(pipe.sink()));
            assertFalse(DirectDescriptors.isDirect(pipe.sink()));
            send(pipe.sink(), "abc");
            assertEquals("abc", receive(pipe.source()));
            pipe.source().close();
            DirectDescriptors.register(pipe.sink());
          }
        });
  }

  @Test
  void aMoveThatHasNoTimeChangesNothing() throws Exception {
    run(
        1,
        () -> {
          try (Pipe pipe = Pipe.open()) {
            assertThrows(
                DeadlineExceededException.class,
                () -> DirectDescriptors.register(pipe.sink(), Deadline.NOW));
            assertFalse(DirectDescriptors.isDirect(pipe.sink()));
            DirectDescriptors.register(pipe.sink(), Deadline.NEVER);
          }
        });
  }

  @Test
  void whatIsClosedOrHasNoDescriptorDoesNotMove() throws Exception {
    run(
        1,
        () -> {
          Pipe pipe = Pipe.open();
          pipe.close();
          assertThrows(ClosedChannelException.class, () -> DirectDescriptors.register(pipe.sink()));
          assertThrows(IllegalArgumentException.class, () -> DirectDescriptors.register(() -> {}));
        });
  }

  @Test
  void aCloseDuringAMoveLeavesNothingBehind() throws Exception {
    run(
        1,
        () -> {
          try (Pipe pipe = Pipe.open();
              Bundle bundle = Bundle.open()) {
            Task<Boolean> moving =
                bundle.go(
                    () -> {
                      try {
                        DirectDescriptors.register(pipe.sink());
                        return true;
                      } catch (AsynchronousCloseException e) {
                        return false;
                      }
                    });
            Fiber.yield();
            pipe.sink().close();
            assertFalse(moving.join());
            DirectDescriptors.register(pipe.source()); // the only slot is free
          }
        });
  }

  // ---- calls that do not suspend

  @Test
  @Tag("needs-scheduler")
  void addressesAndOptionsOfADirectSocketAreKnown() throws Exception {
    run(
        2,
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback(), DIRECT);
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept();
              Arena arena = Arena.ofConfined()) {
            assertEquals(client.localAddress(), server.remoteAddress());
            assertEquals(client.remoteAddress(), server.localAddress());
            server.setNoDelay(false);
            assertFalse(server.getOption(SocketOption.NO_DELAY));
            assertEquals(0, server.stats().unreadBytes());
            assertEquals(0, server.tryRead(arena.allocate(1)));
            assertEquals(1, server.tryWrite(arena.allocate(1)));
            assertEquals(1, client.read(arena.allocate(1)));
          }
        });
  }

  @Test
  void fibersThatPassBatonsCanNotMakeThem() throws Exception {
    Reactors.run(
        table(2).withFiberKind(FiberKind.BATON).withStackful(true),
        () -> {
          TcpSocket[] ends = connection(DIRECT);
          try (TcpSocket client = ends[0];
              TcpSocket server = ends[1]) {
            assertErrno(Errno.EOPNOTSUPP, () -> client.localAddress());
            send(server, "abc");
            assertEquals("abc", receive(client));
            try (Arena arena = Arena.ofConfined()) {
              MemorySegment large = arena.allocate(100_000);
              client.write(large);
              server.readFully(large);
              server.write(SegmentList.of(large, large));
              client.readFully(SegmentList.of(large, large));
            }
            DirectDescriptors.install(client);
            assertEquals(server.remoteAddress(), client.localAddress());
          }
        });
  }

  // ---- the end

  @Test
  void aCloseEndsAReadAndGivesTheSlotBack() throws Exception {
    run(
        1,
        () -> {
          TcpSocket[] ends = connection(DIRECT);
          TcpSocket client = ends[0];
          try (client;
              TcpSocket server = ends[1]) {
            try (Bundle bundle = Bundle.open()) {
              bundle.go(
                  () -> assertThrows(AsynchronousCloseException.class, () -> receive(client)));
              Fiber.yield();
              client.close();
              DirectDescriptors.register(server);
              bundle.await();
            }
            assertEquals("end", receive(server));
          }
        });
  }

  @Test
  void closingAReactorReportsAndClosesDirectDescriptors() throws Exception {
    List<String> leaks = new ArrayList<>();
    InetSocketAddress[] address = new InetSocketAddress[1];
    TcpListener[] kept = new TcpListener[1];
    Reactors.run(
        table(1).withLeakHandler(leak -> leaks.add(leak.toString())),
        () -> {
          TcpListener listener = TcpListener.bind(loopback());
          kept[0] = listener;
          DirectDescriptors.register(listener);
          address[0] = listener.localAddress();
        });
    assertEquals(1, leaks.size());
    assertTrue(leaks.getFirst().contains("direct descriptor 0"), leaks.getFirst());
    Reactors.run(() -> TcpListener.bind(address[0]).close());
    assertFalse(DirectDescriptors.isDirect(kept[0]), "has none");
  }
}
