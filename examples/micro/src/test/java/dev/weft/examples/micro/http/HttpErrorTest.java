// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.micro.ExecutionMode;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bad requests: each is answered once, and no byte after it is parsed as a request. */
class HttpErrorTest {
  private static final String GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";
  private static final String START = "POST / HTTP/1.1\r\nHost: test\r\n";
  private static final String CHUNKED = START + "Transfer-Encoding: chunked\r\n\r\n";

  private static String answer(String request) throws Exception {
    return ExecutionMode.LOCAL_WOVEN.run(new RequestReader(false), request).output();
  }

  private static void assertRefused(String status, String request) throws Exception {
    String output = answer(request + GET);
    String body = status + "\n";
    assertEquals(
        "HTTP/1.1 "
            + status
            + "\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body,
        output);
  }

  static Stream<String> malformed() {
    return Stream.of(
        // The request line.
        "GET  / HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: test\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET\t/ HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / http/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.10\r\nHost: test\r\n\r\n",
        "GET / HTTP/1,1\r\nHost: test\r\n\r\n",
        "GET /\u0001 HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET /\u00e9 HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\rHost: test\r\n\r\n",
        "GET x HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET * HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET ftp://test/ HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET http:///x HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET http://:80/x HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET http://user@test/ HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET http://test:port/ HTTP/1.1\r\nHost: test\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: test\r\n\r\n",
        "GET\r\n",
        "POST /\r\n",
        "\r\n\r\n\r\n\r\n\r\n",
        // Fields.
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test\r\nHost: test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: te st\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test:port\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test:1:2\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: test?x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: user@test\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: \"test\"\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: []\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n",
        START + "Content-Length : 1\r\n\r\nx",
        START + " folded\r\n\r\n",
        START + "X: a\r\n folded\r\n\r\n",
        START + ": nameless\r\n\r\n",
        START + "nameonly\r\n\r\n",
        START + "X: a\rb\r\n\r\n",
        START + "X: a\u0000b\r\n\r\n",
        START + "X\u00e9: a\r\n\r\n",
        // Two contradictory lengths of a body.
        START + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        START + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n",
        START + "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx",
        START + "Content-Length: 1, 1\r\n\r\nx",
        START + "Content-Length: +1\r\n\r\nx",
        START + "Content-Length: -1\r\n\r\nx",
        START + "Content-Length: 0x1\r\n\r\nx",
        START + "Content-Length: 1 1\r\n\r\nx",
        START + "Content-Length:\r\n\r\nx",
        START + "Content-Length: 99999999999999999999\r\n\r\nx",
        START + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        START + "Transfer-Encoding: \u000bchunked\r\n\r\n0\r\n\r\n",
        START + "Transfer-Encoding:\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\nTransfer-Encoding: gzip\r\n\r\n",
        // Chunks that do not begin with a size.
        CHUNKED + "\r\n\r\n",
        CHUNKED + "x\r\nabc\r\n0\r\n\r\n",
        CHUNKED + "-1\r\nabc\r\n0\r\n\r\n",
        CHUNKED + "0x3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + "3\nabc\r\n0\r\n\r\n",
        CHUNKED + "3 \r\nabc\r\n0\r\n\r\n",
        CHUNKED + " 3\r\nabc\r\n0\r\n\r\n",
        CHUNKED + "3;a\rb\r\nabc\r\n0\r\n\r\n",
        CHUNKED + "10000000000000000\r\nabc\r\n0\r\n\r\n",
        CHUNKED + "3;" + "x".repeat(300) + "\r\nabc\r\n0\r\n\r\n");
  }

  @ParameterizedTest
  @MethodSource("malformed")
  void ambiguousFramingIsRefused(String request) throws Exception {
    assertRefused("400 Bad Request", request);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/2.0\r\nHost: test\r\n\r\n",
        "GET / HTTP/0.9\r\nHost: test\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
      })
  void otherVersionsAreNotSupported(String request) throws Exception {
    if (request.startsWith("PRI")) {
      assertTrue(answer(request).startsWith("HTTP/1.1 505 "), answer(request));
    } else {
      assertRefused("505 HTTP Version Not Supported", request);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip, chunked", "identity", "xchunked", "chunked, gzip", "\"chunked\""})
  void unknownCodingsAreNotImplemented(String coding) throws Exception {
    assertRefused(
        "501 Not Implemented", START + "Transfer-Encoding: " + coding + "\r\n\r\n0\r\n\r\n");
  }

  @Test
  void unknownMethodsAreNotImplementedAndTheConnectionStaysOpen() throws Exception {
    String output =
        answer("BREW /pot HTTP/1.1\r\nHost: test\r\nContent-Length: 3\r\n\r\nabc" + GET);

    assertTrue(output.startsWith("HTTP/1.1 501 Not Implemented\r\n"), output);
    assertTrue(output.endsWith("\r\n\r\nHello, World!\n"), output);
    assertFalse(output.contains("Connection: close"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"CONNECT test:443", "BREW pot", "TRACE /"})
  void theTargetOfAnUnknownMethodIsNotChecked(String line) throws Exception {
    String output = answer(line + " HTTP/1.1\r\nHost: test\r\n\r\n" + GET);

    assertTrue(output.startsWith("HTTP/1.1 501 Not Implemented\r\n"), output);
    assertTrue(output.endsWith("\r\n\r\nHello, World!\n"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "test", "test:80", "test:", ":80", "te-st.x_y~", "[::1]", "[::1]:80"})
  void aHostIsANameOrAnAddressWithAPort(String host) throws Exception {
    String output = answer("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");

    assertTrue(output.startsWith("HTTP/1.1 200 OK\r\n"), output);
  }

  @Test
  void unknownExpectationsFail() throws Exception {
    assertRefused("417 Expectation Failed", START + "Expect: wonders\r\n\r\n");
  }

  @ParameterizedTest
  @ValueSource(ints = {5_000, 8_192, 9_000, 40_000})
  void aLongRequestLineIsAnswered(int bytes) throws Exception {
    String output = answer("GET /" + "a".repeat(bytes) + " HTTP/1.1\r\nHost: test\r\n\r\n");

    String status = bytes < 8_000 ? "200 OK" : "414 URI Too Long";
    assertTrue(output.startsWith("HTTP/1.1 " + status + "\r\n"), output);
  }

  @Test
  void aLongFieldIsTooLarge() throws Exception {
    assertRefused(
        "431 Request Header Fields Too Large", START + "X: " + "a".repeat(9_000) + "\r\n\r\n");
  }

  @Test
  void manyFieldsAreTooLarge() throws Exception {
    assertRefused("431 Request Header Fields Too Large", START + "X: a\r\n".repeat(100) + "\r\n");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"G", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: te", "GET / HTTP/1.1\r\n"})
  void aTruncatedHeadIsMalformed(String request) throws Exception {
    assertTrue(answer(request).startsWith("HTTP/1.1 400 Bad Request\r\n"), answer(request));
  }

  @Test
  void noRequestGetsNoAnswer() throws Exception {
    assertEquals("", answer(""));
  }

  @ParameterizedTest
  @EnumSource
  void responsesBeforeABadRequestAreSent(ExecutionMode mode) throws Exception {
    List<String> lines =
        mode.run(new RequestReader(false), GET + GET + "garbage\r\n\r\n").output().lines().toList();

    assertEquals(
        List.of("HTTP/1.1 200 OK", "HTTP/1.1 200 OK", "HTTP/1.1 400 Bad Request"),
        lines.stream().filter(line -> line.startsWith("HTTP/")).toList());
  }

  @Test
  void aTruncatedBodyEndsTheConnectionDuringItsEcho() throws Exception {
    assertTrue(answer(START + "Content-Length: 10\r\n\r\nabc").endsWith("10\r\n\r\nabc"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "5\r\nab", "x\r\n", "0\r\nbad trailer\r\n\r\n", "0\r\n", "1\r\nabc\r\n"})
  void theResponseToBrokenChunksLacksTheLastChunk(String rest) throws Exception {
    String output = answer(CHUNKED + "3\r\nabc\r\n" + rest);

    assertTrue(output.contains("\r\nabc"), output);
    assertFalse(output.endsWith("0\r\n\r\n"), output);
  }

  @ParameterizedTest
  @EnumSource
  void aCrashIsAnInternalErrorAndEndsTheConnection(ExecutionMode mode) throws Exception {
    String crash = "GET /crash HTTP/1.1\r\nHost: test\r\n\r\n";

    String output = mode.run(new RequestReader(false), GET + crash + GET).output();

    List<String> statuses = output.lines().filter(line -> line.startsWith("HTTP/")).toList();
    assertEquals(List.of("HTTP/1.1 200 OK", "HTTP/1.1 500 Internal Server Error"), statuses);
    assertTrue(output.contains("Connection: close\r\n"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"HEAD /crash HTTP/1.1\r\nHost: test\r\n\r\n", "HEAD / HTTP/1.1\r\n\r\n"})
  void noErrorOfAHeadHasABody(String request) throws Exception {
    String output = answer(request);

    assertTrue(output.matches("HTTP/1.1 [45](?s:.*)Content-Length: [1-9][0-9]*\r\n\r\n"), output);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/crash?x", "http://test/crash", "HTTPS://test:1/crash?y"})
  void theCrashPathIsRecognisedInEveryFormOfTarget(String target) throws Exception {
    assertTrue(
        answer("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n").startsWith("HTTP/1.1 500 "));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/crashed", "/", "/x/crash", "http://crash/", "http://crash"})
  void otherTargetsDoNotCrash(String target) throws Exception {
    assertTrue(
        answer("GET " + target + " HTTP/1.1\r\nHost: test\r\n\r\n").startsWith("HTTP/1.1 200 "));
  }
}
