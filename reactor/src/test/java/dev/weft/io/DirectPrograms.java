// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import static dev.weft.Throwing.assertThrows;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Deadline;
import dev.weft.FiberTask;
import dev.weft.ReactorOptions;
import dev.weft.Reactors;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.os.Libc;
import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;

/** What the tests of direct descriptors share. */
final class DirectPrograms {
  static final SocketOptions DIRECT = SocketOptions.defaults().withDirectDescriptors(true);

  private DirectPrograms() {}

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  static ReactorOptions table(int size) {
    return Reactors.options().withDirectDescriptors(size);
  }

  static void run(int size, FiberTask task) throws Exception {
    Reactors.run(table(size), task);
  }

  static int number(AutoCloseable stream) {
    return Objects.requireNonNull(Endpoint.IN.of(stream)).handle().number();
  }

  static boolean isOpen(int descriptor) {
    return Libc.fileType(descriptor) >= 0;
  }

  static void send(ByteSink sink, String text) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocateFrom(text);
      sink.write(bytes.asSlice(0, text.length()));
    }
  }

  /** Reads at most 20 bytes; "end" at the end. */
  static String receive(ByteSource source) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(21);
      return source.read(bytes.asSlice(0, 20)) < 0 ? "end" : bytes.getString(0);
    }
  }

  static void assertErrno(Errno expected, dev.weft.Throwing.Body body) {
    assertEquals(expected, assertThrows(ErrnoException.class, body).errno());
  }

  /** Client and server of a connection, the client's end first. */
  static TcpSocket[] connection(SocketOptions options) throws IOException {
    try (TcpListener listener = TcpListener.bind(loopback())) {
      TcpSocket client = TcpSocket.connect(listener.localAddress(), options, Deadline.NEVER);
      return new TcpSocket[] {client, listener.accept()};
    }
  }
}
