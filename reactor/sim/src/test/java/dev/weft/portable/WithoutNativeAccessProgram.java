// SPDX-License-Identifier: Apache-2.0
package dev.weft.portable;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.weft.Blocking;
import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactor;
import dev.weft.ReactorOptions;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.fs.File;
import dev.weft.io.Pipe;
import dev.weft.io.Splice;
import dev.weft.micro.MicroBlock;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroProcess;
import dev.weft.micro.MicroService;
import dev.weft.micro.MicroThread;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import dev.weft.os.Signal;
import dev.weft.os.Signals;
import dev.weft.os.Stdio;
import dev.weft.sim.Simulation;
import dev.weft.sync.Channel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * The program of {@code WithoutNativeAccessTest}. Its package is none of the library's, since a
 * class on the class path can't share one with a module.
 */
public final class WithoutNativeAccessProgram {
  private static final int BYTES = 1000;
  private static final int PAGES = 20;

  /** Referred to, because it is what has the handler. */
  private static final Logger LOGGER = Logger.getLogger("dev.weft");

  private final Path folder;
  private final boolean micro;
  private final Channel<String> done = Channel.buffered(5);

  private WithoutNativeAccessProgram(Path folder, boolean micro) {
    this.folder = folder;
    this.micro = micro;
  }

  /**
   * Runs the program for some seeds, or on a reactor.
   *
   * @param arguments {@code simulation}, or the folder for its files; then {@code micro} if the JVM
   *     can run its micro-threads
   */
  public static void main(String[] arguments) throws Exception {
    boolean micro = arguments.length > 1;
    if (arguments[0].equals("simulation")) {
      Simulation.seeds(20)
          .check(() -> new WithoutNativeAccessProgram(Path.of("/tmp"), micro).run());
      System.out.println("simulated");
      return;
    }
    LOGGER.setUseParentHandlers(false);
    LOGGER.addHandler(new Printer());
    // A slow machine must not add lines about stalls.
    ReactorOptions options = ReactorOptions.defaults().withoutStallHandler();
    try (Reactor reactor = Reactor.open(options)) {
      System.out.println(reactor.backend() + ", " + reactor.fiberKind());
      Path folder = Path.of(arguments[0]);
      reactor.run(() -> new WithoutNativeAccessProgram(folder, micro).runWithSignals());
    }
    if (micro) {
      MicroProcess.runLocal(new Echo(), options());
    }
  }

  private void runWithSignals() throws Exception {
    try (Signals signals = Signals.open(Signal.TERM)) {
      run();
      Class<?> type = Class.forName("sun.misc.Signal");
      Object term = type.getConstructor(String.class).newInstance("TERM");
      type.getMethod("raise", type).invoke(null, term);
      require(signals.await() == Signal.TERM);
    }
    Fiber.sleep(Duration.ofMillis(1));
  }

  private void run() throws Exception {
    try (Bundle bundle = Bundle.open()) {
      bundle.go(() -> exchange());
      bundle.go(() -> copy());
      bundle.go(() -> done.send(Blocking.call(() -> "blocking")));
      if (micro) {
        bundle.go(() -> serve());
      }
      bundle.await();
    }
    for (int i = 0; i < (micro ? 4 : 3); i++) {
      done.receive();
    }
  }

  private void exchange() throws Exception {
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

  private void copy() throws Exception {
    MemorySegment content = Arena.ofAuto().allocate(BYTES).fill((byte) 9);
    Path path = folder.resolve("file");
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
    }
    try (File from = File.open(path);
        File appended = File.open(folder.resolve("log"), APPEND, CREATE)) {
      require(Splice.copy(from, appended) == BYTES); // through memory
    }
    Stdio.out().write(Arena.ofAuto().allocateFrom("copied\n").asSlice(0, 7));
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

  private static MicroOptions options() {
    return MicroOptions.ofPages(PAGES);
  }

  private void serve() throws Exception {
    InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    MicroService service = MicroService.start(any, options(), Echo::new);
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

  private static final class Printer extends Handler {
    @Override
    public void publish(LogRecord record) {
      System.out.println("logged: " + record.getMessage());
    }

    @Override
    public void flush() {}

    @Override
    public void close() {}
  }
}
