// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLSocketFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** One process of a server takes the place of another. */
class TakeoverTest {
  private static final String READY = "tcp listening on 127.0.0.1:";

  /** After that, a datagram is lost. */
  private static final int LOST_MILLIS = 60_000;

  @TempDir private Path folder;

  private ChildProcess start(String... more) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--tcp"));
    arguments.addAll(List.of(more));
    return start("iou_port7", arguments);
  }

  private ChildProcess start(String program, List<String> more) throws IOException {
    List<String> arguments =
        new ArrayList<>(
            List.of("--backend", "io_uring", "--takeover", folder.resolve("s").toString()));
    arguments.addAll(more);
    return ChildProcess.start(Main.class, program, arguments.toArray(String[]::new));
  }

  private static int awaitReady(ChildProcess server) throws IOException {
    return awaitReady(server, READY);
  }

  private static int awaitReady(ChildProcess server, String ready) throws IOException {
    String line = String.valueOf(server.error());
    assertTrue(line.startsWith(ready), line);
    return Integer.parseInt(line.substring(ready.length()));
  }

  /** Sends four bytes to a port, and reads them again. */
  private interface Exchange {
    void run(int port, byte[] bytes) throws Exception;
  }

  private static void overTcp(int port, byte[] bytes) throws IOException {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      overStream(socket, bytes);
    }
  }

  private static void overStream(Socket socket, byte[] bytes) throws IOException {
    socket.getOutputStream().write(bytes);
    assertArrayEquals(bytes, socket.getInputStream().readNBytes(bytes.length));
  }

  private static void overUdp(int port, byte[] bytes) throws IOException {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.setSoTimeout(LOST_MILLIS);
      socket.connect(InetAddress.getLoopbackAddress(), port);
      socket.send(new DatagramPacket(bytes, bytes.length));
      DatagramPacket answer = new DatagramPacket(new byte[bytes.length], bytes.length);
      socket.receive(answer);
      assertArrayEquals(bytes, answer.getData());
    }
  }

  /** Clients that make one exchange after the other. */
  private static final class Load implements AutoCloseable {
    private final Exchange exchange;
    private final int port;
    private final AtomicInteger answered = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean isOver;

    Load(Exchange exchange, int port) {
      this.exchange = exchange;
      this.port = port;
      for (int i = 0; i < 4; i++) {
        threads.add(Thread.ofPlatform().start(this::run));
      }
    }

    private void run() {
      try {
        while (!isOver) {
          exchange.run(port, ByteBuffer.allocate(4).putInt(answered.get()).array());
          answered.incrementAndGet();
        }
      } catch (Throwable e) {
        failure.compareAndSet(null, e);
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
        throw new AssertionError("an exchange has failed", failure.get());
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
      try (Load load = new Load(TakeoverTest::overTcp, port)) {
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

  /** Lets a program serve, then others that take over one after the other; none loses a thing. */
  private void takeOver(
      String program, List<List<String>> arguments, String ready, Exchange exchange, int exchanges)
      throws Exception {
    List<String> first = new ArrayList<>(List.of("--listen", "127.0.0.1:0"));
    first.addAll(arguments.getFirst());
    ChildProcess serving = start(program, first);
    try {
      int port = awaitReady(serving, ready);
      try (Load load = new Load(exchange, port)) {
        load.await(exchanges);
        for (List<String> each : arguments.subList(1, arguments.size())) {
          ChildProcess before = serving;
          serving = start(program, each);
          try (before) {
            assertEquals(port, awaitReady(serving, ready));
            assertEquals(0, before.status());
          }
          load.await(exchanges);
        }
        load.end();
      }
      serving.signal("TERM");
      assertEquals(0, serving.status());
    } finally {
      serving.close();
    }
  }

  private static List<List<String>> onReactors(List<Integer> counts, String... more) {
    List<List<String>> all = new ArrayList<>();
    for (int count : counts) {
      List<String> one = new ArrayList<>(List.of("--reactors", Integer.toString(count)));
      one.addAll(List.of(more));
      all.add(one);
    }
    return all;
  }

  @Test
  void programsWithSeveralReactorsTakeOverFromEachOther() throws Exception {
    List<List<String>> arguments = onReactors(List.of(3, 2, 1, 2), "--tcp");
    takeOver("iou_port7", arguments, READY, TakeoverTest::overTcp, 100);
  }

  @Test
  void aTlsServerOnSeveralReactorsIsTakenOver(@TempDir Path keys) throws Exception {
    TlsFiles files = new TlsFiles(keys);
    SSLSocketFactory sockets = files.context().getSocketFactory();
    Exchange overTls =
        (port, bytes) -> {
          Socket connection = TlsFiles.connect(port);
          try (Socket session = sockets.createSocket(connection, "localhost", port, true)) {
            overStream(session, bytes);
          }
        };
    List<List<String>> arguments = onReactors(List.of(2, 1, 2), "--quiet", files.pair("rsa"));
    takeOver("iou_tlsd", arguments, "tls listening on 127.0.0.1:", overTls, 20);
  }

  @Test
  void noDatagramIsLostWhenAProgramTakesOver() throws Exception {
    List<List<String>> arguments = onReactors(List.of(1, 1, 2), "--udp");
    String ready = "udp listening on 127.0.0.1:";
    takeOver("iou_port7", arguments, ready, TakeoverTest::overUdp, 300);
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
        "--backend io_uring --listen fd:web|--listen fd:web: no inherited socket is named web:"
            + " there are []",
        "--backend io_uring --tcp --listen fd:0|--listen fd:0: descriptor 0 is not a socket for"
            + " STREAM",
        "--backend io_uring --listen fd:0|--listen fd:0: descriptor 0 is not a socket for DATAGRAM",
        "--backend selector --listen fd:3|sockets from another program: adopting descriptor 3: the"
            + " selector backend can't do that"
      })
  void badArgumentsAreRefused(String arguments, String message) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_port7", arguments.split(" "))) {
      assertEquals(ChildProcess.refusal("iou_port7", message), server.errors());
      assertEquals(2, server.status());
    }
  }
}
