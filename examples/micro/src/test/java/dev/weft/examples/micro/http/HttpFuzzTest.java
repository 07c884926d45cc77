// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.http;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.weft.examples.micro.fuzz.ServiceFuzz;
import dev.weft.micro.MicroOptions;
import dev.weft.micro.MicroThread;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** For random requests, the responses are valid HTTP, and end where they must. */
class HttpFuzzTest extends ServiceFuzz {
  private static final String END = "\r\n\r\n";
  private static final String OLD = "Hello, World!\n";
  private static final Pattern START = Pattern.compile("HTTP/1\\.1 ([1-5]\\d\\d) [^\r\n]+\r\n");
  private static final Pattern LENGTH = Pattern.compile("\r\nContent-Length: (\\d+)\r\n");
  private static final Pattern CHUNK = Pattern.compile("([0-9a-f]+)\r\n");
  private static final Pattern DATE = Pattern.compile("\r\nDate: [^\r\n]+(?=\r\n)");

  /** Marks the last response. */
  private static final String LAST = " (the last)";

  HttpFuzzTest() {
    super("http");
  }

  @Test
  void everyInputIsAnsweredInTheProtocol() throws Exception {
    fuzz();
  }

  // ---- requests

  @Override
  protected byte[] input(Random random) {
    StringBuilder text = new StringBuilder();
    for (int i = random.nextInt(6); i >= 0; i--) {
      request(text, random);
    }
    return mutate(bytes(text.toString()), random);
  }

  private static void request(StringBuilder text, Random random) {
    text.append(pick(random, "GET", "GET", "HEAD", "POST", "POST", "PUT", "OPTIONS", "BREW"));
    text.append(' ');
    text.append(pick(random, "/", "/a%20b?c=d", "*", "http://test/x", "/" + noise(random, 5)));
    text.append(pick(random, " HTTP/1.1", " HTTP/1.1", " HTTP/1.1", " HTTP/1.0", " HTTP/2.0", ""));
    text.append(pick(random, "\r\n", "\r\n", "\r\n", "\n"));
    text.append(random.nextInt(12) == 0 ? "" : "Host: test\r\n");
    for (int i = random.nextInt(3); i > 0; i--) {
      text.append(
          pick(
              random,
              "Connection: keep-alive",
              "Connection: close",
              "Accept: */*",
              "X: " + noise(random, 9),
              "Expect: 100-continue",
              "Host: other",
              "Transfer-Encoding: gzip",
              "Content-Length: 3"));
      text.append("\r\n");
    }
    switch (random.nextInt(4)) {
      case 0 -> {
        String body = noise(random, random.nextInt(30) == 0 ? 20_000 : 60);
        text.append("Content-Length: ").append(body.length()).append(END).append(body);
      }
      case 1 -> {
        text.append("Transfer-Encoding: chunked").append(END);
        for (int i = random.nextInt(4); i > 0; i--) {
          String chunk = noise(random, 50) + 'x';
          text.append(Integer.toHexString(chunk.length())).append(pick(random, "", "", ";a=b"));
          text.append("\r\n").append(chunk).append("\r\n");
        }
        text.append("0\r\n").append(pick(random, "", "", "Trailer: x\r\n")).append("\r\n");
      }
      default -> text.append("\r\n");
    }
  }

  @Override
  protected MicroThread service() {
    return new RequestReader(false);
  }

  @Override
  protected MicroOptions options() {
    return MicroOptions.ofPages(RequestReader.PAGES);
  }

  // ---- responses

  @Override
  protected List<String> check(String input, String answer) {
    List<String> responses = parse(answer, 0);
    assertNotNull(responses, "these are no responses");
    return responses;
  }

  /**
   * A truncated body is detected when its end is reached. How much of the last response has been
   * sent by then depends on the pieces in which the request arrived.
   */
  @Override
  protected boolean agree(List<String> one, List<String> other) {
    if (one.equals(other)) {
      return true;
    }
    List<String> longer = one.size() >= other.size() ? one : other;
    List<String> shorter = longer == one ? other : one;
    int before = longer.size() - 1;
    boolean endAlike =
        longer.getLast().endsWith(LAST)
            && (shorter.size() == before || shorter.getLast().endsWith(LAST));
    return endAlike
        && shorter.size() >= before
        && longer.subList(0, before).equals(shorter.subList(0, before));
  }

  /** The responses from {@code at} on, without parts that may differ; null if they are invalid. */
  private static @Nullable List<String> parse(String text, int at) {
    if (at == text.length()) {
      return List.of();
    }
    if (text.startsWith(OLD, at) && at + OLD.length() == text.length()) {
      return List.of(OLD + LAST);
    }
    Matcher start = START.matcher(text);
    int headEnd = text.indexOf(END, at) + END.length();
    if (!start.find(at) || start.start() != at || headEnd < END.length()) {
      return null;
    }
    if (start.group(1).equals("100")) {
      return parse(text, headEnd); // sent if the body has not arrived yet
    }
    String head = DATE.matcher(text.substring(at, headEnd)).replaceAll("");
    Matcher length = LENGTH.matcher(head);
    if (head.contains("\r\nTransfer-Encoding: chunked\r\n")) {
      return chunked(text, headEnd, head);
    }
    if (!length.find()) {
      return null;
    }
    int end = headEnd + Integer.parseInt(length.group(1));
    if (end > text.length()) {
      List<String> ofHead = rest(text, headEnd, head, "");
      return ofHead != null ? ofHead : List.of(head + LAST); // the request's body is truncated
    }
    List<String> withBody = rest(text, end, head, text.substring(headEnd, end));
    return withBody != null
        ? withBody
        : rest(text, headEnd, head, ""); // the response to a HEAD request
  }

  private static @Nullable List<String> chunked(String text, int from, String head) {
    StringBuilder body = new StringBuilder();
    Matcher chunk = CHUNK.matcher(text);
    for (int at = from; at < text.length(); ) {
      if (text.indexOf("\r\n", at) < 0) {
        break;
      }
      if (!chunk.find(at) || chunk.start() != at) {
        return null;
      }
      int end = chunk.end() + Integer.parseInt(chunk.group(1), 16);
      if (end + 2 > text.length()) {
        break;
      }
      if (!text.startsWith("\r\n", end)) {
        return null;
      }
      body.append(text, chunk.end(), end);
      at = end + 2;
      if (end == chunk.end()) {
        return rest(text, at, head, body.toString());
      }
    }
    return List.of(head + LAST); // the request's body is truncated
  }

  private static @Nullable List<String> rest(String text, int at, String head, String body) {
    if (head.contains("\r\nConnection: close\r\n")) {
      return at == text.length() ? List.of(head + body + LAST) : null;
    }
    List<String> others = parse(text, at);
    if (others == null) {
      return null;
    }
    List<String> all = new ArrayList<>(List.of(head + body));
    all.addAll(others);
    return all;
  }
}
