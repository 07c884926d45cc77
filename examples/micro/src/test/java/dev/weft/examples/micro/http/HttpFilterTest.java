// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.micro.ExecutionMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Valid requests and their responses, the same in each mode of execution. */
class HttpFilterTest {
  private static final String OK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
  private static final String HELLO = OK + "Content-Length: 14\r\n\r\nHello, World!\n";
  private static final String GET = "GET / HTTP/1.1\r\nHost: test\r\n\r\n";

  private static String answer(String request) throws Exception {
    return ExecutionMode.LOCAL_WOVEN.run(new RequestReader(false), request).output();
  }

  /** Three requests in one piece, the last of which ends the connection. */
  private static String three(String line, String fields, String body) {
    String head = line + "\r\nHost: test\r\n";
    String open = head + fields + "\r\n" + body;
    return open + open + head + "Connection: close\r\n" + fields + "\r\n" + body;
  }

  @ParameterizedTest
  @EnumSource
  void pipelinedGetsAreGreeted(ExecutionMode mode) throws Exception {
    String input = three("GET / HTTP/1.1", "", "");

    String output = mode.run(new RequestReader(false), input).output();

    assertEquals(
        HELLO + HELLO + OK + "Connection: close\r\nContent-Length: 14\r\n\r\nHello, World!\n",
        output);
  }

  @ParameterizedTest
  @EnumSource
  void pipelinedPostsAreEchoed(ExecutionMode mode) throws Exception {
    String input = three("POST / HTTP/1.1", "Content-Length: 10\r\n", "12345678\r\n");

    String output = mode.run(new RequestReader(false), input).output();

    String echo = "Content-Length: 10\r\n\r\n12345678\r\n";
    assertEquals(OK + echo + OK + echo + OK + "Connection: close\r\n" + echo, output);
  }

  @ParameterizedTest
  @EnumSource
  void pipelinedChunksAreEchoedInChunks(ExecutionMode mode) throws Exception {
    String body = "8\r\n12345678\r\n0\r\n\r\n";
    String input = three("POST / HTTP/1.1", "Transfer-Encoding: chunked\r\n", body);

    String output = mode.run(new RequestReader(false), input).output();

    String open = OK + "Transfer-Encoding: chunked\r\n\r\n" + body;
    String last = OK + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + body;
    assertEquals(open + open + last, output);
  }

  @Test
  void headIsGetWithoutTheBody() throws Exception {
    String head = "HEAD / HTTP/1.1\r\nHost: test\r\n\r\n";

    assertEquals(OK + "Content-Length: 14\r\n\r\n" + HELLO, answer(head + GET));
  }

  @Test
  void anOldClientGetsTheBodyAlone() throws Exception {
    assertEquals("Hello, World!\n", answer("GET /\r\n"));
  }

  @Test
  void version10EndsWithItsResponse() throws Exception {
    assertEquals(
        OK + "Connection: close\r\nContent-Length: 14\r\n\r\nHello, World!\n",
        answer("GET / HTTP/1.0\r\n\r\n" + GET));
  }

  @Test
  void version10StaysOpenOnRequest() throws Exception {
    assertEquals(
        OK + "Connection: keep-alive\r\nContent-Length: 14\r\n\r\nHello, World!\n" + HELLO,
        answer("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n" + GET));
  }

  @Test
  void nothingIsReadAfterARequestThatCloses() throws Exception {
    String closing = "GET / HTTP/1.1\r\nHost: test\r\nConnection: x, CLOSE\r\n\r\n";

    assertEquals(
        OK + "Connection: close\r\nContent-Length: 14\r\n\r\nHello, World!\n",
        answer(closing + GET));
  }

  @Test
  void aChunkedBodyIsRechunkedAndItsTrailersAreDropped() throws Exception {
    String head = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: Chunked\r\n\r\n";
    String chunks = "3;name=\"value\"\r\nabc\r\n00A\r\n0123456789\r\n";
    String end = "000\r\nTrailer: x\r\n\r\n";

    assertEquals(
        OK + "Transfer-Encoding: chunked\r\n\r\nd\r\nabc0123456789\r\n0\r\n\r\n" + HELLO,
        answer(head + chunks + end + GET));
  }

  @Test
  void anEmptyChunkedBodyIsAnEmptyChunkedBody() throws Exception {
    assertEquals(
        OK + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        answer("PUT / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
      })
  void theBodyOfAGetIsSkipped(String rest) throws Exception {
    assertEquals(HELLO + HELLO, answer("GET / HTTP/1.1\r\nHost: test\r\n" + rest + GET));
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "16384", "50000"})
  void bodiesOfAllSizesAreEchoed(int bytes) throws Exception {
    String body = "x".repeat(bytes);
    String head = "POST / HTTP/1.1\r\nHost: test\r\nContent-Length: " + bytes + "\r\n\r\n";

    assertEquals(
        OK + "Content-Length: " + bytes + "\r\n\r\n" + body + HELLO, answer(head + body + GET));
  }

  @Test
  void aLargeChunkIsEchoedInSeveralChunks() throws Exception {
    String body = "x".repeat(40_000);
    String head = "POST / HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n";

    String output = answer(head + "9c40\r\n" + body + "\r\n0\r\n\r\n");

    assertEquals(40_000, output.chars().filter(c -> c == 'x').count() - 1); // one is in text/plain
    assertTrue(output.endsWith("\r\n0\r\n\r\n"), output.substring(output.length() - 20));
  }

  @Test
  void expectContinueIsAnswered() throws Exception {
    String request =
        "POST / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi";

    assertEquals(
        "HTTP/1.1 100 Continue\r\n\r\n" + OK + "Content-Length: 2\r\n\r\nhi", answer(request));
  }

  @Test
  void anUnneededBodyIsNotRequested() throws Exception {
    String request =
        "GET / HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n";

    assertEquals(
        OK + "Connection: close\r\nContent-Length: 14\r\n\r\nHello, World!\n", answer(request));
  }

  @Test
  void linesMayEndWithANewlineAloneAndLeadingEmptyLinesAreSkipped() throws Exception {
    assertEquals(HELLO, answer("\r\n\nGET / HTTP/1.1\nHost: test\n\n"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "OPTIONS * HTTP/1.1\r\nHost: test\r\n\r\n",
        "DELETE http://test/x HTTP/1.1\r\nHost: test\r\n\r\n",
        "PATCH /x?y=z HTTP/1.7\r\nHost: [::1]:80\r\n\r\n"
      })
  void otherMethodsAndTargetsAreUnderstood(String request) throws Exception {
    assertEquals(OK + "Content-Length: 0\r\n\r\n", answer(request));
  }

  @ParameterizedTest
  @EnumSource
  void aRequestLineOf8000BytesIsUnderstood(ExecutionMode mode) throws Exception {
    String request = "GET /" + "a".repeat(7986) + " HTTP/1.1\r\nHost: test\r\n\r\n";

    assertEquals(HELLO, mode.run(new RequestReader(false), request).output());
  }
}
