// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.cli.h2c.H2Client.Response;
import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hc.core5.http2.H2Error;
import org.apache.hc.core5.http2.config.H2Param;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the server does with frames. */
class H2ProtocolTest extends H2Fixture {
  // ---- flow control

  @ParameterizedTest
  @ValueSource(ints = {1, 1000, 65_535, 1 << 20})
  void aResponseFitsIntoTheWindowOfItsStream(int window) throws Exception {
    run(
        client -> {
          if (window == 1) {
            receiveByteByByte(client);
          } else {
            assertArrayEquals(LARGE, client.get("/large.bin").body.toByteArray());
          }
        },
        H2Param.INITIAL_WINDOW_SIZE.getCode(),
        window);
  }

  private static void receiveByteByByte(H2Client client) throws IOException {
    client.givesCredit = false;
    int stream = client.request("GET", "/digits");
    for (int i = 1; i <= 10; i++) {
      while (client.response(stream).body.size() < i) {
        client.receive();
      }
      assertEquals(i, client.response(stream).body.size());
      client.number(Frames.WINDOW_UPDATE, stream, 1);
    }
    assertEquals("0123456789", text(client.await(stream)));
  }

  @Test
  void settingsChangeTheWindowsOfOpenStreams() throws Exception {
    run(
        client -> {
          int stream = client.request("GET", "/digits");
          while (client.response(stream).status() == 0) {
            client.receive();
          }
          client.settings(H2Param.INITIAL_WINDOW_SIZE.getCode(), 100);
          assertEquals("0123456789", text(client.await(stream)));
        },
        H2Param.INITIAL_WINDOW_SIZE.getCode(),
        0);
  }

  @Test
  void theBodyOfARequestIsDroppedAndItsWindowGivenBack() throws Exception {
    run(
        client -> {
          int stream = client.begin("POST", "/digits");
          byte[] data = new byte[10_000];
          for (int sent = 0; sent < 500_000; sent += data.length) {
            while (client.uploadWindow < data.length) {
              client.receive();
            }
            client.uploadWindow -= data.length;
            client.frame(Frames.DATA, 0, stream, data);
          }
          client.frame(Frames.DATA, Frames.END_STREAM, stream);
          assertEquals(405, client.await(stream).status());
          assertEquals("0123456789", text(client.get("/digits")));
        });
  }

  @Test
  void streamsBeyondTheLimitAreRefused() throws Exception {
    run(
        client -> {
          List<Integer> open = new ArrayList<>();
          for (int i = 0; i < 32; i++) {
            open.add(client.begin("POST", "/digits"));
          }
          int more = client.request("GET", "/digits");
          assertEquals(H2Error.REFUSED_STREAM, client.await(more).error);

          assertEquals(405, client.await(open.getFirst()).status());
          client.frame(Frames.DATA, Frames.END_STREAM, open.getFirst());
          assertEquals("0123456789", text(client.get("/digits")));
        });
  }

  // ---- the protocol

  @Test
  void headersMayBeContinuedAndPadded() throws Exception {
    run(
        client -> {
          byte[] head = client.head("GET", "/digits");
          int stream = client.newStream();
          client.frame(Frames.HEADERS, Frames.END_STREAM, stream);
          for (byte each : head) {
            client.frame(Frames.CONTINUATION, 0, stream, each);
          }
          client.frame(Frames.CONTINUATION, Frames.END_HEADERS, stream);
          assertEquals("0123456789", text(client.await(stream)));

          head = client.head("GET", "/digits");
          byte[] padded = new byte[1 + 5 + head.length + 7];
          padded[0] = 7;
          System.arraycopy(head, 0, padded, 6, head.length);
          stream = client.newStream();
          int flags = Frames.END_HEADERS | Frames.END_STREAM | Frames.PADDED | Frames.WITH_PRIORITY;
          client.frame(Frames.HEADERS, flags, stream, padded);
          assertEquals("0123456789", text(client.await(stream)));
        });
  }

  @Test
  void pingsAreAnsweredAndUnknownFramesIgnored() throws Exception {
    run(
        client -> {
          client.frame(0xff, 0xff, 1, (byte) 1);
          client.frame(Frames.PRIORITY, 0, 99, new byte[5]);
          client.frame(Frames.PING, 0, 0, new byte[8]);
          while (client.pings == 0) {
            client.receive();
          }
        });
  }

  /** The others on the connection are served. */
  @ParameterizedTest
  @ValueSource(strings = {"Upper", "connection", "te", "with space", ":status", ":path"})
  void aMalformedRequestIsReset(String header) throws Exception {
    run(
        client -> {
          Response refused = client.get("/digits", header, "x");
          assertEquals(H2Error.PROTOCOL_ERROR, refused.error);
          assertEquals("0123456789", text(client.get("/digits")));
        });
  }

  @ParameterizedTest
  @CsvSource({
    "DATA, PROTOCOL_ERROR",
    "RST_STREAM, PROTOCOL_ERROR",
    "WINDOW_UPDATE, PROTOCOL_ERROR",
    "CONTINUATION, PROTOCOL_ERROR",
    "PUSH_PROMISE, PROTOCOL_ERROR",
    "EVEN, PROTOCOL_ERROR",
    "WINDOW, FLOW_CONTROL_ERROR",
    "PING, FRAME_SIZE_ERROR",
    "SETTINGS, FRAME_SIZE_ERROR",
    "LONG, FRAME_SIZE_ERROR",
    "HPACK, COMPRESSION_ERROR",
    "HEADERS, ENHANCE_YOUR_CALM",
    "CONTINUATIONS, ENHANCE_YOUR_CALM",
    "RESETS, ENHANCE_YOUR_CALM",
    "PINGS, ENHANCE_YOUR_CALM",
    "ALL_SETTINGS, ENHANCE_YOUR_CALM",
    "EMPTY, ENHANCE_YOUR_CALM"
  })
  void aViolationEndsTheConnectionWithTheError(String violation, H2Error error) throws Exception {
    Thread[] writer = new Thread[1];
    run(
        client -> {
          client.acknowledges = false; // it could come between the frames of the writer
          // On a thread of its own, since a flood may fill the connection.
          writer[0] = Thread.ofPlatform().start(() -> violate(client, violation));
          assertEquals(error, client.awaitGoAway());
        });
    writer[0].join();
  }

  @Test
  void aStreamIsNotUsedAgain() throws Exception {
    run(
        client -> {
          int stream = client.request("HEAD", "/digits");
          client.await(stream);
          client.frame(Frames.HEADERS, 5, stream, client.head("GET", "/"));
          assertEquals(H2Error.STREAM_CLOSED, client.awaitGoAway());
        });
  }

  private static void violate(H2Client client, String violation) {
    try {
      send(client, violation);
    } catch (IOException e) {
      // the server has ended the connection
    }
  }

  private static void send(H2Client client, String violation) throws IOException {
    switch (violation) {
      case "DATA" -> client.frame(Frames.DATA, 0, 1, new byte[1]);
      case "RST_STREAM" -> client.number(Frames.RST_STREAM, 1, 0);
      case "WINDOW_UPDATE" -> client.number(Frames.WINDOW_UPDATE, 0, 0);
      case "WINDOW" -> client.number(Frames.WINDOW_UPDATE, 0, Integer.MAX_VALUE);
      case "CONTINUATION" -> client.frame(Frames.CONTINUATION, Frames.END_HEADERS, 1);
      case "PUSH_PROMISE" -> client.frame(Frames.PUSH_PROMISE, 0, 1, new byte[4]);
      case "EVEN" -> client.frame(Frames.HEADERS, 5, 2, client.head("GET", "/"));
      case "PING" -> client.frame(Frames.PING, 0, 0, new byte[7]);
      case "SETTINGS" -> client.frame(Frames.SETTINGS, 0, 0, new byte[5]);
      case "LONG" -> client.frame(Frames.DATA, 0, 1, new byte[Frames.PAYLOAD_BYTES_MAX + 1]);
      case "HPACK" -> client.frame(Frames.HEADERS, 5, 1, (byte) 0xff, (byte) 0xff, (byte) 0x7f);
      case "HEADERS" -> client.request("GET", "/", "long", "x".repeat(17_000).substring(700));
      default -> flood(client, violation);
    }
  }

  private static void flood(H2Client client, String violation) throws IOException {
    if (violation.equals("CONTINUATIONS")) {
      client.frame(Frames.HEADERS, 0, 1);
    }
    int open = violation.equals("EMPTY") ? client.begin("POST", "/digits") : 0;
    for (int i = 0; i < 5000; i++) {
      switch (violation) {
        case "CONTINUATIONS" -> client.frame(Frames.CONTINUATION, 0, 1);
        case "RESETS" -> client.number(Frames.RST_STREAM, client.request("GET", "/large.bin"), 8);
        case "PINGS" -> client.frame(Frames.PING, 0, 0, new byte[8]);
        case "ALL_SETTINGS" -> client.settings(H2Param.ENABLE_PUSH.getCode(), 0);
        case "EMPTY" -> client.frame(Frames.DATA, 0, open);
        default -> throw new IllegalArgumentException(violation);
      }
    }
  }

  @Test
  void aClientOfHttp1IsRefusedInItsProtocol() throws Exception {
    try (ChildProcess server = start()) {
      int own = awaitReady(server);
      try (H2Client client = new H2Client("127.0.0.1", own)) {
        client.raw("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
        String answer = new String(client.socket().getInputStream().readAllBytes(), UTF_8);
        assertTrue(answer.startsWith("HTTP/1.1 505 HTTP Version Not Supported\r\n"), answer);
        assertTrue(answer.endsWith("speaks HTTP/2 with prior knowledge only.\n"), answer);
      }
      assertTrue(String.valueOf(server.error()).endsWith("not HTTP/2 with prior knowledge"));
      try (H2Client client = new H2Client("127.0.0.1", own)) {
        client.raw("\26\3\1\0\1"); // TLS
        assertEquals(-1, client.socket().getInputStream().read());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void theFirstFrameMustBeSettings() throws Exception {
    try (H2Client client = new H2Client("127.0.0.1", port)) {
      client.raw(H2Client.PREFACE);
      client.frame(Frames.PING, 0, 0, new byte[8]);
      assertEquals(H2Error.PROTOCOL_ERROR, client.awaitGoAway());
    }
  }
}
