// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.Reactor;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.sync.Latch;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A server and its clients in a process with few descriptors, see {@link TooFewDescriptorsTest}.
 */
final class TooFewDescriptorsServer {
  private static final InetSocketAddress ANY =
      new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);

  private final Deque<File> files = new ArrayDeque<>();
  private final Latch reported = Latch.of(1);

  private TooFewDescriptorsServer() {}

  public static void main(String[] arguments) throws Exception {
    try (Reactor reactor = Reactor.open()) {
      reactor.run(() -> new TooFewDescriptorsServer().run());
    }
  }

  private void run() throws Exception {
    loadClasses();
    ServerOptions options = ServerOptions.defaults().withFailureHandler(this::report);
    try (TcpServer server = TcpServer.start(ANY, options, TcpServerTest::echo);
        TcpSocket first = TcpSocket.connect(server.localAddress())) {
      ask(first, 1);
      useAllDescriptors();
      files.pop().close();
      try (TcpSocket waiting = TcpSocket.connect(server.localAddress())) {
        reported.await();
        ask(first, 2);
        System.out.println("waits " + (server.connections() == 1));
        files.pop().close();
        ask(waiting, 3);
        ask(waiting, 4);
      }
    }
    closeFiles();
  }

  /** There are no descriptors to load them from later. */
  private void loadClasses() throws IOException {
    try (TcpListener listener = TcpListener.bind(ANY)) {
      listener.accept(Deadline.after(Duration.ofNanos(1))).close();
    } catch (DeadlineExceededException e) {
      // as expected
    }
    try {
      File.open(Path.of("/nonexistent")).close();
    } catch (ErrnoException e) {
      print(new ServerFailure(ServerFailure.Kind.ACCEPT, "a rehearsal", null, e));
    }
  }

  private void closeFiles() throws IOException {
    while (!files.isEmpty()) {
      files.pop().close();
    }
  }

  private void useAllDescriptors() throws IOException {
    try {
      while (true) {
        files.push(File.open(Path.of("/dev/null")));
      }
    } catch (ErrnoException e) {
      if (e.errno() != Errno.EMFILE) {
        throw e;
      }
    }
  }

  /** There can be more reports than one, since the server needs what descriptors it gets. */
  private void report(ServerFailure failure) {
    if (!reported.isReady()) {
      print(failure);
      reported.countDown();
    }
  }

  private static void print(ServerFailure failure) {
    System.out.println(failure.kind() + ": " + ((ErrnoException) failure.cause()).errno());
  }

  private static void ask(TcpSocket socket, int number) throws IOException {
    TcpServerTest.ask(socket, number);
    System.out.println("answered " + number);
  }
}
