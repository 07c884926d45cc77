// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The echo service as a program: what it does with signals, and without descriptors. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class EchoServiceTest {
  private static final class Server implements AutoCloseable {
    final Process process;
    final BufferedReader output;
    final int port;

    /** Starts it with so many descriptors at most. */
    Server(int descriptorsMax) throws IOException {
      String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
      List<String> command =
          List.of(
              "bash",
              "-c",
              "ulimit -n " + descriptorsMax + "; exec \"$0\" \"$@\"",
              java,
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1",
              "-XX:+UseSerialGC",
              "--enable-native-access=ALL-UNNAMED",
              "--add-opens=java.base/java.lang=ALL-UNNAMED",
              "-cp",
              System.getProperty("java.class.path"),
              EchoService.class.getName(),
              "0");
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      output = process.inputReader(StandardCharsets.UTF_8);
      String line = output.readLine();
      assertTrue(line != null && line.startsWith("listening on "), line);
      port = Integer.parseInt(line.substring("listening on ".length()));
    }

    Socket connect() throws IOException {
      return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public void close() {
      process.destroyForcibly();
    }
  }

  private static String echoed(Socket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.UTF_8));
    return new BufferedReader(socketReader(socket)).readLine();
  }

  private static java.io.Reader socketReader(Socket socket) throws IOException {
    return new java.io.InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8);
  }

  @Test
  void termEndsItAtOnceAlthoughItIsIdle() throws Exception {
    try (Server server = new Server(1000);
        Socket idle = server.connect()) {
      assertEquals("Line 0: hello", echoed(idle, "hello"));

      server.process.toHandle().destroy(); // that of Process would close its streams

      assertEquals("stopped", server.output.readLine());
      assertEquals(0, server.process.waitFor());
      assertEquals(-1, idle.getInputStream().read());
    }
  }

  @Test
  void whenNoDescriptorIsLeftItWaitsForOne() throws Exception {
    try (Server server = new Server(64)) {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < 100; i++) { // more than it can accept: the rest is in the backlog
        sockets.add(server.connect());
      }
      assertEquals("Line 0: first", echoed(sockets.getFirst(), "first"));

      for (Socket socket : sockets.subList(0, 90)) {
        socket.close();
      }

      assertEquals("Line 0: last", echoed(sockets.getLast(), "last"));
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }
}
