// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Properties of all services: their command line, and how connections and the services end. */
class ServicesTest {
  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis"})
  void sigtermEndsAnIdleServerImmediately(String program) throws Exception {
    try (Server server = Server.start(program, "--grace", "1000")) {
      server.term();

      assertEquals(0, server.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis"})
  void afterTheGraceTimeConnectionsAreClosed(String program) throws Exception {
    try (Server server = Server.start(program, "--grace", "0.01");
        Socket idle = server.connect()) {
      server.term();

      assertEquals("", Server.rest(idle));
      assertEquals(0, server.status());
    }
  }

  @Test
  void connectionsAreServedDuringTheGraceTime() throws Exception {
    try (Server server = Server.start("mt_echo", "--grace", "1000");
        Socket open = server.connect()) {
      Server.send(open, "before\n");
      Server.expect(open, "Line 0: before\n");
      server.term();
      server.awaitSockets(1); // the listener is gone
      Server.send(open, "after\n");
      open.shutdownOutput();

      assertEquals("Line 1: after\n", Server.rest(open));
      assertEquals(0, server.status());
    }
  }

  @ParameterizedTest
  @CsvSource({"mt_echo,hello", "mt_http11,GET / HTTP/1.1", "mt_redis,*3"})
  void closedConnectionsLeaveNeitherDescriptorsNorThreads(String program, String beginning)
      throws Exception {
    try (Server server = Server.start(program)) {
      long before = server.sockets();
      for (int round = 0; round < 3; round++) {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
          Socket socket = server.connect();
          Server.send(socket, beginning);
          socket.setSoLinger(i % 2 == 0, 0); // half of them with a reset
          sockets.add(socket);
        }
        for (Socket socket : sockets) {
          socket.close();
        }
      }
      server.awaitSockets(before);
      server.term();
      String errors = server.errors();
      assertFalse(errors.contains("deadlocked threads"), errors);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--listen localhost|--listen: not HOST:PORT or [IPV6]:PORT: localhost",
        "--listen 127.0.0.1:99999|--listen: the port must be from 0 to 65535: 127.0.0.1:99999",
        "--idle 5d|Invalid value for option '--idle': '5d' is not a decimal number of seconds, without a unit",
        "--send-timeout 1m|Invalid value for option '--send-timeout': '1m' is not a decimal number of seconds, without a unit",
        "@words|Unmatched argument at index 0: '@words'",
        "--grace -1|--grace must be 0 or more seconds: -1.0",
        "--backend none|Invalid value for option '--backend': 'none' is not auto, io_uring or selector",
        "--connections 0|--connections must be from 1 to 1000000: 0",
        "--wrong|Unknown option: '--wrong'",
        "operand|Unmatched argument at index 0: 'operand'"
      })
  void invalidOptionsAreRefused(String arguments, String message) throws Exception {
    try (ChildProcess program =
        ChildProcess.start(Main.class, "mt_http11", arguments.split(" ", -1))) {
      assertEquals(ChildProcess.refusal("mt_http11", message), program.errors());
      assertEquals(2, program.status());
    }
  }

  @Test
  void anAddressInUseIsAFailure() throws Exception {
    try (ServerSocket taken = new ServerSocket(0)) {
      String address = "127.0.0.1:" + taken.getLocalPort();
      try (ChildProcess program = ChildProcess.start(Main.class, "mt_echo", "--listen", address)) {
        String message = program.errors();
        assertTrue(message.startsWith("mt_echo: tcp listen "), message);
        assertTrue(message.endsWith(": Address already in use (EADDRINUSE)"), message);
        assertEquals(1, program.status());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis"})
  void helpListsTheOptions(String name) throws Exception {
    try (ChildProcess program = ChildProcess.start(Main.class, name, "--help")) {
      String help = program.output();
      assertTrue(help.contains("--listen") && help.contains("--grace"), help);
      assertEquals(0, program.status());
    }
  }

  @Test
  void anUnknownProgramIsReported() throws Exception {
    try (ChildProcess program = ChildProcess.start(Main.class, "mt_nothing")) {
      assertTrue(program.errors().startsWith("weft-micro.jar: no such program: mt_nothing\n"));
      assertEquals(2, program.status());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis"})
  @Timeout(60)
  void aSilentClientIsDisconnectedAfterTheIdleTime(String program) throws Exception {
    try (Server server = Server.start(program, "--idle", "0.01");
        Socket idle = server.connect()) {
      assertEquals("", Server.rest(idle));
      server.awaitSockets(1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "--idle,mt_echo,hello",
    "--idle,mt_http11,GET / HTTP/1.1~Host: a~",
    "--idle,mt_http11,POST / HTTP/1.1~Host: a~Content-Length: 1000000000~",
    "--idle,mt_redis,PING",
    "--send-timeout,mt_echo,hello",
    "--send-timeout,mt_http11,GET / HTTP/1.1~Host: a~",
    "--send-timeout,mt_http11,POST / HTTP/1.1~Host: a~Content-Length: 1000000000~",
    "--send-timeout,mt_redis,PING"
  })
  @Timeout(60)
  void aStalledClientIsDisconnectedAfterTheIdleTime(String limit, String program, String request)
      throws Exception {
    String text = (request.replace("~", "\r\n") + "\r\n").repeat(1000);
    try (Server server = Server.start(program, limit, "0.1");
        Socket stalled = server.connect()) {
      assertThrows(
          IOException.class,
          () -> {
            while (true) { // until the connection is closed
              Server.send(stalled, text);
            }
          });
      server.awaitSockets(1);
    }
  }

  /** Output is left when the thread and the client's requests have ended. */
  @ParameterizedTest
  @CsvSource({"mt_http11,GET / HTTP/1.1~Host: a~", "mt_redis,COMMAND~GET a"})
  @Timeout(60)
  void unreadOutputDoesNotKeepAConnectionOpen(String program, String request) throws Exception {
    String text = (request.replace("~", "\r\n") + "\r\n").repeat(50_000);
    try (Server server = Server.start(program, "--send-timeout", "0.1");
        Socket stalled = new Socket()) {
      stalled.setReceiveBufferSize(4096);
      stalled.connect(server.address());
      Thread sender =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      Server.send(stalled, text);
                      stalled.shutdownOutput();
                    } catch (IOException e) {
                      // disconnected before everything was sent
                    }
                  });
      while (server.sockets() < 2) {
        Thread.onSpinWait();
      }
      server.awaitSockets(1);
      sender.join();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mt_echo", "mt_http11", "mt_redis"})
  void aClientThatHasReadEverythingMayBeSilent(String program) throws Exception {
    try (Server server = Server.start(program, "--send-timeout", "0.001");
        Socket client = server.connect()) {
      Server.send(client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
      int first = client.getInputStream().read();
      while (client.getInputStream().available() > 0) {
        client.getInputStream().read();
      }
      try (Server other = Server.start(program)) { // takes far longer than the limit
        other.term();
      }
      Server.send(client, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");

      assertEquals(first, client.getInputStream().read());
    }
  }

  @ParameterizedTest
  @CsvSource({"--idle,-1", "--idle,NaN", "--idle,x", "--send-timeout,-1", "--send-timeout,1e7"})
  void anInvalidTimeIsRefused(String option, String seconds) throws Exception {
    try (ChildProcess started =
        ChildProcess.start(Main.class, "mt_echo", "--listen", "127.0.0.1:0", option, seconds)) {
      assertTrue(started.error().contains(option));
      assertEquals(2, started.status());
    }
  }
}
