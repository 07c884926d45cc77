// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.io.DirectPrograms.DIRECT;
import static dev.weft.io.DirectPrograms.assertErrno;
import static dev.weft.io.DirectPrograms.connection;
import static dev.weft.io.DirectPrograms.loopback;
import static dev.weft.io.DirectPrograms.receive;
import static dev.weft.io.DirectPrograms.run;
import static dev.weft.io.DirectPrograms.send;
import static dev.weft.io.DirectPrograms.table;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.ReactorGroup;
import dev.weft.error.Errno;
import dev.weft.fs.File;
import dev.weft.fs.FileOption;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.net.Descriptor;
import dev.weft.net.Distribution;
import dev.weft.net.ServerOptions;
import dev.weft.net.SocketPair;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpServer;
import dev.weft.net.TcpSocket;
import dev.weft.net.UdpSocket;
import dev.weft.net.UnixMessage;
import dev.weft.net.UnixSocket;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Opens connections and files with direct descriptors. */
@Tag("needs-io-uring")
class DirectOpeningTest {
  @TempDir Path folder;

  // ---- where something is opened

  @Test
  void aListenerGivesItsConnectionsDirectDescriptors() throws Exception {
    run(
        1,
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback(), DIRECT);
              TcpSocket first = TcpSocket.connect(listener.localAddress());
              TcpSocket second = TcpSocket.connect(listener.localAddress())) {
            assertFalse(DirectDescriptors.isDirect(listener));
            try (TcpSocket server = listener.accept()) {
              assertTrue(DirectDescriptors.isDirect(server));
              send(first, "one");
              assertEquals("one", receive(server));
              assertErrno(Errno.ENFILE, () -> listener.accept());
            }
            send(second, "two");
            try (TcpSocket server = listener.accept()) {
              assertEquals("two", receive(server), "the client has waited");
            }
          }
        });
  }

  @Test
  void aListenerHasASlotReservedUntilItIsClosed() throws Exception {
    run(
        1,
        () -> {
          TcpListener listener = TcpListener.bind(loopback(), DIRECT);
          try (listener;
              Pipe pipe = Pipe.open()) {
            try (Bundle bundle = Bundle.open()) {
              bundle.go(() -> listener.accept());
              Fiber.yield();
              assertErrno(Errno.ENFILE, () -> DirectDescriptors.register(pipe.sink()));
            }
            listener.close();
            DirectDescriptors.register(pipe.sink());
          }
        });
  }

  @Test
  void aConnectionIsOpenedWithADirectDescriptor() throws Exception {
    run(
        1,
        () -> {
          TcpSocket[] ends = connection(DIRECT);
          try (TcpSocket client = ends[0];
              TcpSocket server = ends[1]) {
            assertTrue(DirectDescriptors.isDirect(client));
            send(client, "in");
            assertEquals("in", receive(server));
            assertErrno(Errno.ENFILE, () -> connection(DIRECT));
          }
        });
  }

  @Test
  void aFileIsOpenedWithADirectDescriptor() throws Exception {
    Path path = folder.resolve("file");
    Path other = folder.resolve("other");
    StandardOpenOption create = StandardOpenOption.CREATE;
    StandardOpenOption write = StandardOpenOption.WRITE;
    run(
        1,
        () -> {
          try (File file = File.open(path, create, write, FileOption.DIRECT_DESCRIPTOR)) {
            assertTrue(DirectDescriptors.isDirect(file));
            send(file, "abc");
            file.sync();
            assertEquals(3, file.stat().sizeBytes());
            assertErrno(
                Errno.ENFILE, () -> File.open(other, create, write, FileOption.DIRECT_DESCRIPTOR));
          }
        });
    assertEquals("abc", Files.readString(path));
    assertFalse(Files.exists(other));
  }

  @Test
  void aUdpSocketIsNotOpenedWithADirectDescriptor() throws Exception {
    run(
        1,
        () ->
            assertThrows(IllegalArgumentException.class, () -> UdpSocket.bind(loopback(), DIRECT)));
  }

  @Test
  void aServerServesConnectionsWithDirectDescriptors() throws Exception {
    run(
        4,
        () -> {
          ServerOptions options = ServerOptions.defaults().withSocketOptions(DIRECT);
          TcpServer server =
              TcpServer.start(
                  loopback(),
                  options,
                  connection -> {
                    assertTrue(DirectDescriptors.isDirect(connection));
                    Splice.copy(connection, connection);
                  });
          try (server;
              TcpSocket client = TcpSocket.connect(server.localAddress())) {
            send(client, "echo");
            assertEquals("echo", receive(client));
            client.shutdownOutput(Deadline.NEVER);
            assertEquals("end", receive(client));
          }
        });
  }

  // ---- what belongs to one reactor

  @Test
  void connectionsThatAreHandedOverHaveNoDirectDescriptors() throws Exception {
    ServerOptions options =
        ServerOptions.defaults().withSocketOptions(DIRECT).withDistribution(Distribution.BY_LOAD);
    try (ReactorGroup group = ReactorGroup.start("direct", 1, table(4))) {
      assertThrows(
          IllegalArgumentException.class,
          () -> TcpServer.start(group, loopback(), options, connection -> {}));
    }
  }

  @Test
  void aMicroServiceHasNoDirectDescriptors() throws Exception {
    run(
        1,
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback(), DIRECT)) {
            MicroOptions options = MicroOptions.ofPages(8);
            assertThrows(
                IllegalArgumentException.class,
                () ->
                    MicroService.start(
                        listener,
                        options,
                        1,
                        () -> {
                          throw new AssertionError("no connection");
                        }));
          }
        });
  }

  @Test
  void aDescriptorIsPassedAfterItWasInstalled() throws Exception {
    Path path = Files.writeString(folder.resolve("file"), "abc");
    run(
        1,
        () -> {
          SocketPair<UnixSocket> pair = SocketPair.open();
          try (UnixSocket left = pair.first();
              UnixSocket right = pair.second();
              File file = File.open(path, FileOption.DIRECT_DESCRIPTOR);
              Arena arena = Arena.ofConfined();
              UnixMessage message = new UnixMessage(arena.allocate(1));
              UnixMessage target = UnixMessage.takingDescriptors(arena.allocate(1))) {
            var e = assertThrows(IllegalArgumentException.class, () -> message.pass(file));
            assertTrue(e.getMessage().contains("install"), e.getMessage());
            DirectDescriptors.install(file);
            message.setLength(1);
            message.pass(file);
            left.send(message);
            right.receive(target);
            try (Descriptor received = Objects.requireNonNull(target.takeDescriptor())) {
              assertEquals("abc", receive(received));
            }
          }
        });
  }
}
