// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import dev.weft.refusal.RefuseIoUring;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The programs where the kernel refuses io_uring. */
@Tag("mode-independent")
class RefusedIoUringTest {
  private static ChildProcess startRefused(String program, String... args) throws Exception {
    return ChildProcess.shell(Main.class, RefuseIoUring.line("EPERM"), program, args);
  }

  private static void awaitNoListener(Server server) throws Exception {
    while (true) {
      try {
        server.connect().close();
      } catch (ConnectException e) {
        return;
      } catch (SocketException e) {
        // reset: it was in the listener's queue when that was closed
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"mt_echo,hello,Line 0: hello", "mt_redis,PING,+PONG"})
  void aServerAnswersAllItsClientsAndDrainsAfterSigterm(
      String program, String request, String answer) throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try (Server server = Server.startWhereRefused(program, "--grace", "1000")) {
      for (int i = 0; i < 100; i++) {
        sockets.add(server.connect());
      }
      Socket first = sockets.getFirst();
      Server.send(first, request + "\r\n");
      Server.expect(first, answer);
      server.term();
      awaitNoListener(server);
      for (Socket socket : sockets.subList(1, sockets.size())) {
        Server.send(socket, request + "\r\n");
        socket.shutdownOutput();
        assertEquals(answer, Server.rest(socket).strip());
        socket.close();
      }
      first.shutdownOutput();
      Server.rest(first);

      assertEquals(0, server.status());
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void theHttpServerAnswers() throws Exception {
    try (Server server = Server.startWhereRefused("mt_http11")) {
      String answer = server.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertTrue(answer.startsWith("HTTP/1.1 200 "), answer);
      server.term();
      assertEquals(0, server.status());
    }
  }

  @Test
  void theRedisClientTalksToTheServer() throws Exception {
    try (Server server = Server.startWhereRefused("mt_redis");
        ChildProcess client = startRefused("mt_redis_cli", "127.0.0.1:" + server.port())) {
      try (OutputStream commands = client.process.getOutputStream()) {
        commands.write("SET a 7\nGET a\n".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals("OK\n7\n", client.output());
      assertEquals(0, client.status());
    }
  }

  @Test
  void aFilterNeedsNoReactor() throws Exception {
    try (ChildProcess filter = startRefused("mt_echo")) {
      try (OutputStream lines = filter.process.getOutputStream()) {
        lines.write("one\ntwo\n".getBytes(StandardCharsets.US_ASCII));
      }
      assertEquals("Line 0: one\nLine 1: two\n", filter.output());
      assertEquals("", filter.errors());
      assertEquals(0, filter.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis"})
  void aServerThatMustHaveIoUringFails(String program) throws Exception {
    try (ChildProcess started =
        startRefused(program, "--listen", "127.0.0.1:0", "--backend", "io_uring")) {
      String message = started.errors();
      assertTrue(
          message.startsWith(program + ": io_uring is not available: io_uring_setup is refused"),
          message);
      assertEquals(1, started.status());
    }
  }
}
