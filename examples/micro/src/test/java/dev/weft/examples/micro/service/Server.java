// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import dev.weft.refusal.RefuseIoUring;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** One of the programs as a server in its own JVM, on a port that the kernel chooses. */
public final class Server implements AutoCloseable {
  private static final String READY = "tcp listening on 127.0.0.1:";

  private static final String SOCKET = "socket:[";

  /** The column of /proc/net/unix. */
  private static final int INODE = 6;

  private final ChildProcess started;
  private final int port;

  private Server(ChildProcess started, int port) {
    this.started = started;
    this.port = port;
  }

  /** Starts {@code program} and waits until it listens. */
  public static Server start(String program, String... args) throws IOException {
    ChildProcess started = ChildProcess.start(Main.class, program, words(args));
    return of(started, started.error());
  }

  /** Starts {@code program} where the kernel refuses io_uring, which is logged. */
  public static Server startWhereRefused(String program, String... args) throws IOException {
    ChildProcess started =
        ChildProcess.shell(Main.class, RefuseIoUring.line("EPERM"), program, words(args));
    String line = started.error();
    assertTrue(line != null && line.contains("using a selector instead"), String.valueOf(line));
    return of(started, started.error());
  }

  private static String[] words(String... args) {
    List<String> words = new ArrayList<>(List.of("--listen", "127.0.0.1:0"));
    words.addAll(List.of(args));
    return words.toArray(String[]::new);
  }

  private static Server of(ChildProcess started, @Nullable String line) {
    assertTrue(line != null && line.startsWith(READY), String.valueOf(line));
    return new Server(started, Integer.parseInt(line.substring(READY.length())));
  }

  public int port() {
    return port;
  }

  public InetSocketAddress address() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
  }

  /** A connection to it. */
  public Socket connect() throws IOException {
    return new Socket(InetAddress.getLoopbackAddress(), port);
  }

  /** Sends a request, shuts down the output, and returns the whole answer. */
  public String exchange(String request) throws IOException {
    try (Socket socket = connect()) {
      send(socket, request);
      socket.shutdownOutput();
      return rest(socket);
    }
  }

  public static void send(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Reads exactly what is expected. */
  public static void expect(Socket socket, String text) throws IOException {
    byte[] bytes = socket.getInputStream().readNBytes(text.length());
    assertEquals(text, new String(bytes, StandardCharsets.ISO_8859_1));
  }

  /** Reads to the end. */
  public static String rest(Socket socket) throws IOException {
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
  }

  /** The number of open TCP sockets of the server. */
  public long sockets() throws IOException {
    Path process = Path.of("/proc", Long.toString(started.process.pid()));
    Set<String> local = localSockets(process.resolve("net/unix"));
    try (Stream<Path> descriptors = Files.list(process.resolve("fd"))) {
      return descriptors
          .map(Server::target)
          .filter(target -> target.startsWith(SOCKET) && !local.contains(target))
          .count();
    }
  }

  /** Those that the JDK has for itself, as descriptors name them. */
  private static Set<String> localSockets(Path table) throws IOException {
    try (Stream<String> lines = Files.lines(table)) {
      return lines
          .skip(1) // the names of the columns
          .map(line -> SOCKET + line.trim().split(" +", -1)[INODE] + "]")
          .collect(Collectors.toSet());
    }
  }

  private static String target(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString();
    } catch (IOException e) {
      return ""; // closed meanwhile
    }
  }

  /** Waits until the server has at most so many sockets. */
  public void awaitSockets(long count) throws IOException {
    while (sockets() > count) {
      Thread.onSpinWait();
    }
  }

  public void term() throws Exception {
    started.signal("TERM");
  }

  /** Its standard error, read to the end. */
  public String errors() {
    return started.errors();
  }

  public int status() throws InterruptedException {
    return started.status();
  }

  @Override
  public void close() {
    started.close();
  }
}
