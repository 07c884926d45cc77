// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.micro.service.Server;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The HTTP server with slow, broken and erroneous connections. */
class HttpServiceTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  private static final String HELLO =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 14\r\n\r\nHello, World!\n";

  private static final Pattern DATE =
      Pattern.compile(
          "Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \\d\\d [A-Z][a-z][a-z] \\d{4} \\d\\d:\\d\\d:\\d\\d GMT\r\n");

  private static final int DATE_BYTES = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n".length();

  private static Server server;

  private static String undated(String responses) {
    return DATE.matcher(responses).replaceAll("");
  }

  /** Reads exactly what is expected, and a date in each of so many responses. */
  private static void expect(Socket socket, String text, int responses) throws IOException {
    byte[] bytes = socket.getInputStream().readNBytes(text.length() + responses * DATE_BYTES);
    assertEquals(text, undated(new String(bytes, StandardCharsets.ISO_8859_1)));
  }

  @Test
  void everyResponseOfAServerIsDated() throws Exception {
    long before = Instant.now().getEpochSecond();
    String answers =
        server.exchange(
            GET
                + GET.replace("GET", "HEAD")
                + "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 1\r\n\r\nx"
                + "GET /crash HTTP/1.0\r\n\r\n");
    answers += server.exchange("garbage\r\n\r\n");
    long after = Instant.now().getEpochSecond();

    assertEquals(
        List.of("200 OK", "200 OK", "200 OK", "500 Internal Server Error", "400 Bad Request"),
        Pattern.compile("HTTP/1.1 (.*)\r\nDate: ")
            .matcher(answers)
            .results()
            .map(result -> result.group(1))
            .toList());
    for (String line : answers.lines().filter(line -> line.startsWith("Date: ")).toList()) {
      String date = line.substring("Date: ".length());
      Instant time = DateTimeFormatter.RFC_1123_DATE_TIME.parse(date, Instant::from);
      assertTrue(time.getEpochSecond() >= before && time.getEpochSecond() <= after, line);
    }
  }

  @BeforeAll
  static void start() throws Exception {
    server = Server.start("mt_http11");
  }

  /** Checks that the server still answers, and has no other connection open. */
  @AfterAll
  static void end() throws Exception {
    try (Server ended = server) {
      assertEquals(HELLO, undated(ended.exchange(GET)));
      ended.awaitSockets(1);
      ended.term();
      assertEquals(0, ended.status());
    }
  }

  @Test
  void aConnectionIsKeptFromRequestToRequest() throws Exception {
    try (Socket socket = server.connect()) {
      for (int i = 0; i < 1000; i++) {
        Server.send(socket, GET);
        expect(socket, HELLO, 1);
      }
    }
  }

  @Test
  void aRequestMayComeInPieces() throws Exception {
    try (Socket socket = server.connect()) {
      socket.setTcpNoDelay(true);
      for (int i = 0; i < GET.length(); i++) {
        Server.send(socket, GET.substring(i, i + 1));
      }
      expect(socket, HELLO, 1);
    }
  }

  @Test
  void manyPipelinedRequestsAreAllAnswered() throws Exception {
    try (Socket socket = server.connect()) {
      Thread writer = Thread.ofPlatform().start(() -> send(socket, GET.repeat(100), 100));
      expect(socket, HELLO.repeat(10_000), 10_000);
      writer.join();
    }
  }

  private static void send(Socket socket, String text, int times) {
    try {
      for (int i = 0; i < times; i++) {
        Server.send(socket, text);
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void aLargeBodyIsEchoedToAClientThatReadsLate() throws Exception {
    int bytes = 4_000_000;
    String head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + bytes + "\r\n\r\n";
    String echoed =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + bytes + "\r\n\r\n";
    try (Socket socket = server.connect()) {
      Thread writer = Thread.ofPlatform().start(() -> send(socket, head + "x".repeat(bytes), 1));
      expect(socket, echoed + "x".repeat(bytes), 1);
      writer.join();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "garbage\r\n\r\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\n",
        "GET / HTTP/1.1\r\nHost : test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n"
      })
  void aBadRequestIsAnsweredAndTheConnectionEnds(String request) throws Exception {
    try (Socket socket = server.connect()) {
      Server.send(socket, request + GET);

      String answer = Server.rest(socket); // although this side stays open

      assertTrue(answer.startsWith("HTTP/1.1 400 Bad Request\r\n"), answer);
    }
  }

  @Test
  void anEndlessLineIsAnsweredAndNotBuffered() throws Exception {
    try (Socket socket = server.connect()) {
      Server.send(socket, "GET /" + "a".repeat(100_000));

      String answer = Server.rest(socket);

      assertTrue(answer.startsWith("HTTP/1.1 414 URI Too Long\r\n"), answer);
    }
  }

  @Test
  void aCrashIsAnsweredAndTheConnectionEnds() throws Exception {
    try (Socket socket = server.connect()) {
      Server.send(socket, GET + "GET /crash HTTP/1.1\r\nHost: test\r\n\r\n" + GET);

      String answer = Server.rest(socket);

      assertTrue(
          undated(answer).startsWith(HELLO + "HTTP/1.1 500 Internal Server Error\r\n"), answer);
      assertEquals(2, answer.split("HTTP/1.1 ", -1).length - 1);
    }
  }

  @Test
  void theLastResponseReachesAClientThatIsStillSending() throws Exception {
    String closing = "GET / HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n";
    try (Socket socket = server.connect()) {
      Server.send(socket, closing + "x".repeat(500_000));

      String answer = Server.rest(socket);

      assertTrue(answer.endsWith("\r\n\r\nHello, World!\n"), answer);
    }
  }

  @Test
  void aClientThatDoesNotCloseIsDisconnected() throws Exception {
    try (Socket socket = server.connect()) {
      Server.send(socket, "garbage\r\n");
      Server.rest(socket);

      server.awaitSockets(1); // which would stay at two
    }
  }
}
