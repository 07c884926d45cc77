// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.examples.common.ChildProcess;
import dev.weft.examples.micro.service.Main;
import dev.weft.examples.micro.service.Server;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The Redis client as a program. */
@Timeout(60)
class RedisClientTest {
  private static final String HOST = "127.0.0.1:";

  /** The result of a run of the client. */
  private record Outcome(String output, String errors, int status) {}

  private static ChildProcess start(int port) throws IOException {
    return ChildProcess.start(Main.class, "mt_redis_cli", HOST + port);
  }

  private static void say(ChildProcess client, String text) throws IOException {
    OutputStream input = client.process.getOutputStream();
    input.write(text.getBytes(StandardCharsets.UTF_8));
    input.flush();
  }

  private static Outcome end(ChildProcess client) throws Exception {
    String output = client.output();
    return new Outcome(output, client.errors(), client.status());
  }

  /** Runs the client with this as its whole input. */
  private static Outcome run(int port, String input) throws Exception {
    try (ChildProcess client = start(port)) {
      say(client, input);
      client.process.getOutputStream().close();
      return end(client);
    }
  }

  @Test
  void commandsAreSentAndAnswersArePrintedReadably() throws Exception {
    try (Server server = Server.start("mt_redis")) {
      String input = "PING\nSET foo 'bar  baz'\n\nGET foo\nGET baz\nBAD\nMSET a 1 b 2\nDBSIZE\n";

      assertEquals(
          new Outcome("PONG\nOK\nbar  baz\n(nil)\nERR unknown command\nOK\n3\n", "", 0),
          run(server.port(), input));
      server.awaitSockets(1);
    }
  }

  @Test
  void anAnswerIsPrintedBeforeTheNextCommandIsRead() throws Exception {
    try (Server server = Server.start("mt_redis");
        ChildProcess client = start(server.port())) {
      for (int i = 1; i <= 3; i++) {
        say(client, "INCR n\n");
        assertEquals("" + i, "" + (char) client.process.getInputStream().read());
        assertEquals('\n', client.process.getInputStream().read());
      }
      client.process.getOutputStream().close();

      assertEquals(new Outcome("", "", 0), end(client));
    }
  }

  @Test
  void anyNumberOfCommandsCanBePipelined() throws Exception {
    int commands = 100_000;
    try (Server server = Server.start("mt_redis")) {
      Outcome outcome = run(server.port(), "INCR n\n".repeat(commands));

      assertEquals(commands, outcome.output.lines().count());
      assertEquals(commands + "\n", outcome.output.substring(outcome.output.length() - 7));
      assertEquals(new Outcome(outcome.output, "", 0), outcome);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"QUIT", "quit", "SHUTDOWN"})
  void theClientEndsWhenItsConnectionEnds(String command) throws Exception {
    try (Server server = Server.start("mt_redis");
        ChildProcess client = start(server.port())) {
      say(client, "PING\n" + command + "\n"); // its input stays open
      String answer = command.equals("SHUTDOWN") ? "" : "OK\n";

      assertEquals(new Outcome("PONG\n" + answer, "", 0), end(client));
    }
  }

  // ---- failures

  @Test
  void aRefusedConnectionIsReportedWithItsAddress() throws Exception {
    int port;
    try (ServerSocket gone = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = gone.getLocalPort();
    }

    assertEquals(
        new Outcome(
            "", "mt_redis_cli: connect " + HOST + port + ": Connection refused (ECONNREFUSED)", 1),
        run(port, ""));
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, server: not HOST:PORT or [IPV6]:PORT: localhost",
    "localhost:x, server: the port must be from 0 to 65535: localhost:x"
  })
  void anInvalidServerAddressIsRefused(String place, String complaint) throws Exception {
    try (ChildProcess client = ChildProcess.start(Main.class, "mt_redis_cli", place)) {
      assertEquals(
          new Outcome("", ChildProcess.refusal("mt_redis_cli", complaint), 2), end(client));
    }
  }

  @Test
  void aLineThatIsTooLongEndsTheInputAndEarlierCommandsAreAnswered() throws Exception {
    try (Server server = Server.start("mt_redis")) {
      assertEquals(
          new Outcome(
              "PONG\n", "mt_redis_cli: standard input: a line is longer than 4096 bytes", 1),
          run(server.port(), "PING\nECHO " + "x".repeat(5000) + "\nPING\n"));
    }
  }

  /** Runs the client with a server that answers its first command so and closes the connection. */
  private static Outcome runWithServer(String input, String answer) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        ChildProcess client = start(server.getLocalPort());
        Socket connection = server.accept()) {
      say(client, input);
      connection.getInputStream().readNBytes("*1\r\n$4\r\nPING\r\n".length());
      Server.send(connection, answer);
      connection.shutdownOutput();
      Outcome outcome = end(client);
      return new Outcome(
          outcome.output,
          outcome.errors.replace(HOST + server.getLocalPort(), "PLACE"),
          outcome.status);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "$5~ab, ab, an answer is cut off",
    "+PO, '', an answer is cut off",
    "HTTP/1.1 400 Bad Request~, '', an answer begins with none of + - : $ *",
    "'', '', 'the server has closed the connection, unanswered commands: 1'",
    "+PONG~, PONG~, the server has closed the connection"
  })
  void aServerThatClosesOrViolatesTheProtocolIsReported(
      String answer, String output, String complaint) throws Exception {
    assertEquals(
        new Outcome(output.replace('~', '\n'), "mt_redis_cli: PLACE: " + complaint, 1),
        runWithServer("PING\n", answer.replace("~", "\r\n")));
  }

  @Test
  void aServerThatEndsEndsAnIdleClient() throws Exception {
    try (Server server = Server.start("mt_redis", "--grace", "0");
        ChildProcess client = start(server.port())) {
      say(client, "PING\n");
      assertEquals(
          "PONG\n",
          new String(client.process.getInputStream().readNBytes(5), StandardCharsets.UTF_8));
      server.term();

      assertEquals(1, client.status());
      assertEquals(
          "mt_redis_cli: " + HOST + server.port() + ": the server has closed the connection",
          client.errors());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClosedOutputPipeEndsTheClientAsSigpipeWould(boolean inputEnds) throws Exception {
    try (Server server = Server.start("mt_redis");
        ChildProcess client = start(server.port())) {
      client.process.getInputStream().close();
      say(client, "PING\n");
      if (inputEnds) {
        client.process.getOutputStream().close();
      }

      assertEquals(141, client.status());
      assertEquals("", client.errors());
    }
  }
}
