// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.io.Splice;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroThread;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.os.Stdio;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;

/** The program of {@link WithoutNativeAccessTest}. */
public final class WithoutNativeAccessProgram {
  private static final int BYTES = 1000;

  private WithoutNativeAccessProgram() {}

  /**
   * Runs the program for some seeds.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) {
    Simulation.seeds(20).check(WithoutNativeAccessProgram::run);
    System.out.println("sockets, files, pipes, micro-threads, blocking calls");
  }

  private static void run() throws Exception {
    Channel<String> done = Channel.buffered(4);
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> exchange(done));
      bundle.go(() -> copy(done));
      bundle.go(() -> serve(done));
      bundle.go(() -> done.send(Blocking.call(() -> "blocking")));
      bundle.await();
    }
    for (int i = 0; i < 4; i++) {
      done.receive();
    }
  }

  private static void exchange(Channel<String> done) throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (TcpListener listener = TcpListener.bind(any);
        Bundle bundle = Bundle.open()) {
      bundle.go(() -> echo(listener));
      MemorySegment buffer = Arena.ofAuto().allocate(BYTES).fill((byte) 7);
      try (TcpSocket client = TcpSocket.connect(listener.localAddress())) {
        client.write(buffer);
        client.readFully(buffer.fill((byte) 0));
        require(buffer.get(ValueLayout.JAVA_BYTE, BYTES - 1) == 7);
        try {
          client.read(buffer, Deadline.after(Duration.ofMillis(1)));
        } catch (DeadlineExceededException e) {
          client.resetOnClose();
        }
      }
      bundle.await();
    }
    done.send("sockets");
  }

  private static void echo(TcpListener listener) throws IOException {
    MemorySegment buffer = Arena.ofAuto().allocate(BYTES);
    try (TcpSocket socket = listener.accept()) {
      for (int count; (count = socket.read(buffer)) > 0; ) {
        socket.write(buffer.asSlice(0, count));
      }
    } catch (ErrnoException e) {
      require(e.errno() == Errno.ECONNRESET);
    }
  }

  private static void copy(Channel<String> done) throws Exception {
    MemorySegment content = Arena.ofAuto().allocate(BYTES).fill((byte) 9);
    Path path = Path.of("/tmp/file");
    try (File file = File.open(path, CREATE, WRITE)) {
      file.write(content);
      file.sync();
      require(file.stat().sizeBytes() == BYTES);
    }
    try (Pipe pipe = Pipe.open();
        File file = File.open(path)) {
      require(Splice.copy(file, pipe.sink()) == BYTES);
      pipe.source().readFully(content);
      require(file.readAt(content, 0) > 0);
      Stdio.out().write(content);
    }
    try (File from = File.open(path);
        File appended = File.open(Path.of("/tmp/log"), APPEND, CREATE)) {
      require(Splice.copy(from, appended) == BYTES); // through memory
    }
    done.send("files");
  }

  /** Echoes lines. */
  private static final class Echo extends MicroThread {
    @Override
    protected void run() throws Exception {
      MicroBlock line = calloc(BYTES, 1);
      for (int count; (count = readline(line, BYTES)) > 0; ) {
        line.setByte(0, (byte) (line.getByte(0) + 1));
        write(line, count);
      }
    }
  }

  private static void serve(Channel<String> done) throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    MicroOptions options = MicroOptions.ofPages(20).withStackful(true);
    MicroService service = MicroService.start(any, options, Echo::new);
    MemorySegment buffer = Arena.ofAuto().allocateFrom("a line\n");
    try (TcpSocket client = TcpSocket.connect(service.localAddress())) {
      for (int i = 0; i < 3; i++) {
        client.write(buffer.asSlice(0, 7));
        client.readFully(buffer.asSlice(0, 7));
      }
    }
    require(buffer.getString(0).equals("d line\n"));
    service.kill();
    service.join();
    done.send("micro-threads");
  }

  private static void require(boolean condition) {
    if (!condition) {
      throw new AssertionError("not as expected");
    }
  }
}
