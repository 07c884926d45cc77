// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The echo service as a program: signals, and shortage of descriptors. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class EchoServiceTest {
  private static final class Server implements AutoCloseable {
    final ChildProcess program;
    final BufferedReader output;
    final int port;

    /** Starts the service with a limit of descriptors. */
    Server(int descriptorsMax) throws IOException {
      String line = "ulimit -n " + descriptorsMax + "; exec \"$@\"";
      program = ChildProcess.shell(EchoService.class, line, "0");
      output = program.process.inputReader(StandardCharsets.UTF_8);
      String ready = output.readLine();
      assertTrue(ready != null && ready.startsWith("listening on "), ready);
      port = Integer.parseInt(ready.substring("listening on ".length()));
    }

    Socket connect() throws IOException {
      return new Socket(InetAddress.getLoopbackAddress(), port);
    }

    @Override
    public void close() {
      program.close();
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
  void sigtermEndsAnIdleServiceImmediately() throws Exception {
    try (Server server = new Server(1000);
        Socket idle = server.connect()) {
      assertEquals("Line 0: hello", echoed(idle, "hello"));

      server.program.process.toHandle().destroy(); // Process.destroy would close the streams

      assertEquals("stopped", server.output.readLine());
      assertEquals(0, server.program.process.waitFor());
      assertEquals(-1, idle.getInputStream().read());
    }
  }

  @Test
  void withoutADescriptorTheServiceWaitsForOne() throws Exception {
    try (Server server = new Server(64)) {
      List<Socket> sockets = new ArrayList<>();
      for (int i = 0; i < 100; i++) { // more than it can accept: the others stay in the backlog
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
