// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.weft.Bundle;
import dev.weft.io.Pipe;
import dev.weft.net.AbstractSocketAddress;
import dev.weft.net.Descriptor;
import dev.weft.net.UnixListener;
import dev.weft.net.UnixMessage;
import dev.weft.net.UnixSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Unix sockets: bytes and descriptors arrive once and in order. */
final class UnixScenarios {
  private static final int CLIENTS = 3;
  private static final int BYTES = 300_000;

  private UnixScenarios() {}

  /** Clients pass pipes to a server, which writes into each what the client sends. */
  static void passing() throws IOException {
    AbstractSocketAddress address = AbstractSocketAddress.of("server");
    try (UnixListener listener = UnixListener.bind(address);
        Bundle bundle = Bundle.open()) {
      for (int i = 0; i < CLIENTS; i++) {
        bundle.go(() -> client(address));
        bundle.go(() -> serve(listener));
      }
      bundle.await();
    }
  }

  private static void serve(UnixListener listener) throws IOException {
    try (UnixSocket socket = listener.accept();
        Arena arena = Arena.ofConfined();
        UnixMessage message = UnixMessage.takingDescriptors(arena.allocate(1))) {
      require(socket.receive(message) == 1, "the byte that the pipe comes with");
      Descriptor pipe = message.takeDescriptor();
      Descriptor reading = message.takeDescriptor();
      require(pipe != null && reading != null, "both descriptors came with it");
      reading.close();
      MemorySegment bytes = arena.allocate(5000);
      try (pipe) {
        for (int count; (count = socket.read(bytes)) >= 0; ) {
          pipe.write(bytes.asSlice(0, count));
        }
      }
    }
  }

  private static void client(AbstractSocketAddress address) throws IOException {
    try (UnixSocket socket = UnixSocket.connect(address);
        Pipe pipe = Pipe.open();
        Bundle bundle = Bundle.open();
        Arena arena = Arena.ofConfined()) {
      UnixMessage message = new UnixMessage(arena.allocate(1));
      message.setLength(1);
      message.pass(pipe.sink());
      message.pass(pipe.source());
      socket.send(message);
      pipe.sink().close();
      bundle.go(() -> send(socket));
      MemorySegment bytes = arena.allocate(5000);
      long place = 0;
      for (int count; (count = pipe.source().read(bytes)) >= 0; place += count) {
        SocketScenarios.verify(bytes.asSlice(0, count), place);
      }
      require(place == BYTES, "all bytes came through");
      bundle.await();
    }
  }

  private static void send(UnixSocket socket) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(JAVA_BYTE, BYTES);
      SocketScenarios.fill(bytes, 0);
      socket.write(bytes);
      socket.shutdownOutput();
    }
  }

  private static void require(boolean condition, String what) {
    if (!condition) {
      throw new AssertionError(what);
    }
  }
}
