// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One process of a server takes the place of another. */
class TakeoverTest {
  private static final String READY = "tcp listening on 127.0.0.1:";

  @TempDir private Path folder;

  private ChildProcess start(String... more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--backend", "io_uring", "--tcp", "--takeover", folder.resolve("s").toString()));
    arguments.addAll(List.of(more));
    return ChildProcess.start(Main.class, "iou_port7", arguments.toArray(String[]::new));
  }

  private static int awaitReady(ChildProcess server) throws IOException {
    String line = String.valueOf(server.error());
    assertTrue(line.startsWith(READY), line);
    return Integer.parseInt(line.substring(READY.length()));
  }

  /** Clients that connect all the time, each for one exchange. */
  private static final class Load implements AutoCloseable {
    private final int port;
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicReference<Exception> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isOver;

    Load(int port) {
      this.port = port;
      for (int i = 0; i < 4; i++) {
        threads.add(Thread.ofPlatform().start(this::run));
      }
    }

    private void run() {
      try {
        while (!isOver) {
          exchange(answered.get());
          answered.incrementAndGet();
        }
      } catch (IOException e) {
        failure.compareAndSet(null, e);
      }
    }

    private void exchange(int number) throws IOException {
      byte[] bytes = ByteBuffer.allocate(4).putInt(number).array();
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
        socket.getOutputStream().write(bytes);
        assertArrayEquals(bytes, socket.getInputStream().readNBytes(4));
      }
    }

    /** Waits for as many further exchanges. */
    void await(int more) {
      int target = answered.get() + more;
      while (answered.get() < target && failure.get() == null) {
        Thread.onSpinWait();
      }
    }

    void end() throws Exception {
      close();
      if (failure.get() != null) {
        throw failure.get();
      }
    }

    @Override
    public void close() {
      isOver = true;
      try {
        for (Thread thread : threads) {
          thread.join();
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  @Test
  void noConnectionIsRefusedOrLostWhenAProgramTakesOver() throws Exception {
    try (ChildProcess first = start("--listen", "127.0.0.1:0")) {
      int port = awaitReady(first);
      try (Load load = new Load(port)) {
        load.await(100);
        try (ChildProcess second = start();
            ChildProcess third = awaitEndOf(first, second, port, load)) {
          assertEquals(port, awaitReady(third));
          assertEquals(0, second.status());
          load.await(100);
          load.end();
          third.signal("TERM");
          assertEquals(0, third.status());
        }
      }
    }
  }

  /** Waits until the second program serves alone, and starts a third one. */
  private ChildProcess awaitEndOf(ChildProcess first, ChildProcess second, int port, Load load)
      throws Exception {
    assertEquals(port, awaitReady(second));
    assertEquals(0, first.status());
    load.await(100);
    return start();
  }

  @Test
  void connectionsOfTheOldProgramFinishWithinTheGraceTime() throws Exception {
    try (ChildProcess old = start("--listen", "127.0.0.1:0", "--grace", "60")) {
      int port = awaitReady(old);
      try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
          ChildProcess next = start()) {
        assertEquals(port, awaitReady(next));
        socket.getOutputStream().write(1);
        assertEquals(1, socket.getInputStream().read());
        socket.shutdownOutput();
        assertEquals(-1, socket.getInputStream().read());
        assertEquals(0, old.status());
        next.signal("TERM");
        assertEquals(0, next.status());
      }
    }
  }

  @Test
  void whatAnOldProgramHasLeftBehindIsReplaced() throws Exception {
    Files.createFile(folder.resolve("s"));
    try (ChildProcess server = start("--listen", "127.0.0.1:0")) {
      awaitReady(server);
      server.signal("TERM");
      assertEquals(0, server.status());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--takeover x|--takeover is for TCP alone: give --tcp",
        "--tcp --takeover x --reactors 2|--reactors: sockets from another program are for one reactor",
        "--listen fd:3 --reactors 2|--reactors: sockets from another program are for one reactor",
        "--backend io_uring --listen fd:web|--listen fd:web: no inherited socket is named web: there are []",
        "--backend io_uring --listen fd:0|--listen fd:0: descriptor 0 is not a socket for STREAM",
        "--backend selector --listen fd:3|sockets from another program: adopting descriptor 3: the selector backend can't do that"
      })
  void badArgumentsAreRefused(String arguments, String message) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_port7", arguments.split(" "))) {
      assertEquals(ChildProcess.refusal("iou_port7", message), server.errors());
      assertEquals(2, server.status());
    }
  }
}
