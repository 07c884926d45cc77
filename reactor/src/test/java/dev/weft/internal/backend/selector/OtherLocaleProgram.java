// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.BackendKind;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/** Provokes errors on a selector and prints their numbers' names, and one message of the JDK's. */
final class OtherLocaleProgram {
  private OtherLocaleProgram() {}

  private interface Provocation {
    void run() throws IOException;
  }

  static void main() throws Exception {
    ReactorOptions options =
        ReactorOptions.defaults()
            .withCpu(ReactorOptions.UNPINNED)
            .withBackend(BackendKind.SELECTOR);
    try (Reactor reactor = Reactor.open(options);
        Arena arena = Arena.ofShared()) {
      reactor.run(() -> provoke(arena.allocate(1 << 20)));
    }
    System.out.println("the JDK says: " + refusalOfTheJdk());
  }

  private static InetSocketAddress loopback(int port) {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  private static void provoke(MemorySegment memory) throws IOException {
    print("a closed port", () -> TcpSocket.connect(loopback(closedPort())));
    TcpListener listener = TcpListener.bind(loopback(0));
    print("a port in use", () -> TcpListener.bind(listener.localAddress()));
    print(
        "another machine's address", () -> TcpListener.bind(new InetSocketAddress("192.0.2.1", 0)));
    print("a missing file", () -> File.open(Path.of("/nonexistent")));
    print("a directory", () -> File.open(Path.of("/"), StandardOpenOption.WRITE));
    print("below a file", () -> File.open(Path.of("/dev/null/x")));
    print("a long name", () -> File.open(Path.of("x".repeat(5000))));
    File full = File.open(Path.of("/dev/full"), StandardOpenOption.WRITE);
    print("a full device", () -> full.write(memory.asSlice(0, 1)));
    full.close();

    TcpSocket client = TcpSocket.connect(listener.localAddress());
    TcpSocket server = listener.accept();
    server.resetOnClose();
    server.close();
    print("a reset connection, reading", () -> client.read(memory));
    print("a reset connection, writing", () -> client.write(memory));
    client.close();

    try (Pipe pipe = Pipe.open()) {
      pipe.source().close();
      print("a pipe without reader", () -> pipe.sink().write(memory));
    }
    listener.close();
    printExhaustion();
  }

  private static int closedPort() throws IOException {
    try (TcpListener listener = TcpListener.bind(loopback(0))) {
      return listener.localAddress().getPort();
    }
  }

  private static void printExhaustion() throws IOException {
    List<File> files = new ArrayList<>();
    print(
        "too many files",
        () -> {
          while (true) {
            files.add(File.open(Path.of("/dev/null")));
          }
        });
    for (File file : files) {
      file.close();
    }
  }

  private static void print(String what, Provocation provocation) throws IOException {
    try {
      provocation.run();
      System.out.println(what + ": no error");
    } catch (ErrnoException e) {
      System.out.println(what + ": " + Errno.of(e.errno().code()));
    }
  }

  private static String refusalOfTheJdk() throws IOException {
    try (Socket socket = new Socket()) {
      int port;
      try (java.net.ServerSocket listener = new java.net.ServerSocket(0)) {
        port = listener.getLocalPort();
      }
      socket.connect(loopback(port));
      return "";
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }
}
