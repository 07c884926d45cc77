// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.FiberTask;
import dev.weft.Reactor;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;

/** The program of {@link TooFewDescriptorsTest}. */
final class TooFewDescriptorsProgram {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private TooFewDescriptorsProgram() {}

  public static void main(String[] arguments) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(TooFewDescriptorsProgram::run);
    }
  }

  private static void run() throws Exception {
    try (TcpListener warm = TcpListener.bind(ANY);
        TcpListener listener = TcpListener.bind(ANY)) {
      loadClasses(warm);
      InetSocketAddress address = listener.localAddress();
      Deque<Pipe> pipes = new ArrayDeque<>();
      Deque<File> files = new ArrayDeque<>();
      System.out.println("pipe: " + errno(() -> openAll(pipes)));
      System.out.println("file: " + errno(() -> openFiles(files)));
      System.out.println("listener: " + errno(() -> TcpListener.bind(ANY)));
      System.out.println("connection: " + errno(() -> TcpSocket.connect(address)));

      pipes.pop().close();
      try (TcpSocket client = TcpSocket.connect(address)) {
        errno(() -> openFiles(files));
        System.out.println("accept: " + errno(listener::accept));
        files.pop().close();
        try (TcpSocket server = listener.accept()) {
          System.out.println("accepted " + server.remoteAddress().equals(client.localAddress()));
        }
      }
      closeAll(pipes);
      closeAll(files);
    }
  }

  /** There are no descriptors to load them from later. */
  private static void loadClasses(TcpListener listener) throws Exception {
    InetSocketAddress address = listener.localAddress();
    errno(() -> File.open(Path.of("/nonexistent")));
    errno(() -> TcpListener.bind(address));
    File.open(Path.of("/dev/null")).close();
    Pipe.open().close();
    try (TcpSocket client = TcpSocket.connect(address);
        TcpSocket server = listener.accept()) {
      System.out.println("connected " + server.remoteAddress().equals(client.localAddress()));
    }
  }

  private static void closeAll(Deque<? extends AutoCloseable> open) throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private static void openAll(Deque<Pipe> pipes) throws Exception {
    while (true) {
      pipes.push(Pipe.open());
    }
  }

  private static void openFiles(Deque<File> files) throws Exception {
    while (true) {
      files.push(File.open(Path.of("/dev/null")));
    }
  }

  private static String errno(FiberTask task) throws Exception {
    try {
      task.run();
      return "none";
    } catch (ErrnoException e) {
      return e.errno().toString();
    }
  }
}
