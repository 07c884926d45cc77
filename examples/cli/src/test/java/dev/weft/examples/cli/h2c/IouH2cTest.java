// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.weft.examples.cli.Main;
import dev.weft.examples.cli.h2c.H2Client.Response;
import dev.weft.examples.common.ChildProcess;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.hc.core5.http2.H2Error;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IouH2cTest extends H2Fixture {
  // ---- files

  @ParameterizedTest
  @CsvSource({
    "/, 200, <p>index, text/html; charset=utf-8",
    "/index.html?query, 200, <p>index, text/html; charset=utf-8",
    "/digits, 200, 0123456789, application/octet-stream",
    "/sub/a%20b.txt, 200, spaces, text/plain; charset=utf-8",
    "/./sub/..//digits, 200, 0123456789, application/octet-stream",
    "/nothing.css, 200, '', text/css; charset=utf-8",
    "/inward, 200, 0123456789, application/octet-stream",
    "/missing, 404, '',",
    "/digits/below, 404, '',",
    "/empty/, 403, '',",
    "/outward, 403, '',",
    "/up/outside, 403, '',",
    "/loop, 404, '',",
    "/../outside, 403, '',",
    "/sub/../../outside, 403, '',",
    "/%2e%2e/outside, 403, '',",
    "/..%2foutside, 403, '',",
    "/%2, 400, '',",
    "/%zz, 400, '',",
    "/digits%00.txt, 400, '',",
    "digits, 400, '',",
    "*, 400, '',"
  })
  void aPathLeadsToAFileInTheFolderAndNowhereElse(String path, int status, String body, String type)
      throws Exception {
    run(
        client -> {
          Response response = client.get(path);

          assertEquals(status, response.status());
          assertEquals(body, text(response));
          assertEquals(type, response.headers.get("content-type"));
          assertEquals(Integer.toString(body.length()), response.headers.get("content-length"));
        });
  }

  @Test
  void aHeadRequestGetsTheHeadersOnly() throws Exception {
    run(
        client -> {
          Response response = client.await(client.request("HEAD", "/large.bin"));
          assertEquals(200, response.status());
          assertEquals("1000000", response.headers.get("content-length"));
          assertEquals(0, response.body.size());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"POST", "PUT", "DELETE", "OPTIONS", "get"})
  void otherMethodsAreRefused(String method) throws Exception {
    run(
        client -> {
          Response response = client.await(client.request(method, "/digits"));
          assertEquals(405, response.status());
          assertEquals("GET, HEAD", response.headers.get("allow"));
        });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "bytes=0-0|206|0|bytes 0-0/10",
        "bytes=2-4|206|234|bytes 2-4/10",
        "bytes=7-|206|789|bytes 7-9/10",
        "bytes=7-99|206|789|bytes 7-9/10",
        "bytes=-3|206|789|bytes 7-9/10",
        "bytes=-99|206|0123456789|bytes 0-9/10",
        "bytes=10-|416|''|bytes */10",
        "bytes=-0|416|''|bytes */10",
        "bytes=4-2|200|0123456789|",
        "bytes=-|200|0123456789|",
        "bytes=0-1,3-4|200|0123456789|",
        "lines=0-1|200|0123456789|",
        "bytes=99999999999999999999-|200|0123456789|"
      })
  void aPartOfAFileIsServed(String range, int status, String body, String contentRange)
      throws Exception {
    run(
        client -> {
          Response response = client.get("/digits", "range", range);
          assertEquals(status, response.status());
          assertEquals(body, text(response));
          assertEquals(contentRange, response.headers.get("content-range"));
        });
  }

  @Test
  void requestsAreAnsweredConcurrently() throws Exception {
    run(
        client -> {
          List<Integer> streams = new ArrayList<>();
          for (int i = 0; i < 30; i++) {
            streams.add(client.request("GET", i % 3 == 0 ? "/large.bin" : "/digits"));
          }
          for (int i = 0; i < 30; i++) {
            byte[] expected = i % 3 == 0 ? LARGE : "0123456789".getBytes(UTF_8);
            assertArrayEquals(expected, client.await(streams.get(i)).body.toByteArray());
          }
        });
  }

  // ---- the end

  @Test
  void aSignalLetsOpenRequestsEndAndRefusesOthers() throws Exception {
    try (ChildProcess server = start("--grace", "60");
        H2Client client = H2Client.open(awaitReady(server))) {
      client.givesCredit = false;
      int stream = client.request("GET", "/large.bin");
      while (client.response(stream).body.size() < 65_535) {
        client.receive();
      }
      server.signal("TERM");
      assertEquals(H2Error.NO_ERROR, client.awaitGoAway());
      int late = client.request("GET", "/digits");
      assertEquals(H2Error.REFUSED_STREAM, client.await(late).error);

      client.givesCredit = true;
      client.number(Frames.WINDOW_UPDATE, 0, 100_000);
      client.number(Frames.WINDOW_UPDATE, stream, 100_000);
      assertArrayEquals(LARGE, client.await(stream).body.toByteArray());
      assertEquals(0, server.status());
    }
  }

  @Test
  void idleAndStalledConnectionsDoNotHoldUpTheEnd() throws Exception {
    try (ChildProcess server = start("--grace", "0.05")) {
      int own = awaitReady(server);
      try (Socket silent = new Socket(InetAddress.getLoopbackAddress(), own);
          H2Client idle = H2Client.open(own);
          H2Client stalled = H2Client.open(own)) {
        assertEquals("0123456789", text(idle.get("/digits")));
        stalled.givesCredit = false;
        int stream = stalled.request("GET", "/large.bin");
        while (stalled.response(stream).body.size() < 65_535) {
          stalled.receive();
        }
        server.signal("INT");
        assertEquals(0, server.status());
        assertEquals(H2Error.NO_ERROR, idle.awaitGoAway());
        assertEquals(-1, silent.getInputStream().read());
      }
    }
  }

  // ---- the command line

  @Test
  void withoutAFolderEveryRequestGetsTheWords() throws Exception {
    Path words = Path.of("/usr/share/dict/words");
    try (ChildProcess server =
        ChildProcess.start(Main.class, "iou_h2c", "--listen", "[::1]:0", "--reactors", "2")) {
      try (H2Client client = new H2Client("::1", awaitReady(server))) {
        client.raw(H2Client.PREFACE);
        client.settings();
        Response response = client.await(client.request("DELETE", "/any?thing"));
        if (Files.exists(words)) {
          assertEquals(200, response.status());
          assertArrayEquals(Files.readAllBytes(words), response.body.toByteArray());
          assertNull(response.headers.get("content-type"));
        } else {
          assertEquals(404, response.status());
          assertEquals(0, response.body.size());
        }
      }
      assertEndsWell(server);
    }
  }

  @Test
  void severalReactorsServeSeveralAddresses() throws Exception {
    try (ChildProcess server = start("--listen", "127.0.0.2:0", "--reactors", "3")) {
      int one = awaitReady(server);
      int two = awaitReady(server);
      for (int i = 0; i < 20; i++) {
        try (H2Client client = H2Client.open(one);
            H2Client other = new H2Client("127.0.0.2", two)) {
          other.raw(H2Client.PREFACE);
          other.settings();
          assertEquals("0123456789", text(client.get("/digits")));
          assertEquals("0123456789", text(other.get("/digits")));
        }
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aPortInUseIsReported() throws Exception {
    try (ChildProcess server = start()) {
      String address = "127.0.0.1:" + awaitReady(server);
      try (ChildProcess late = ChildProcess.start(Main.class, "iou_h2c", "--listen", address)) {
        assertEquals(
            "iou_h2c: tcp listen " + address + ": Address already in use (EADDRINUSE)",
            late.errors());
        assertEquals(1, late.status());
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--bogus|Unknown option: '--bogus'",
        "--root=/nowhere/at/all|--root: no such folder: /nowhere/at/all",
        "--root=/dev/null|--root: not a folder: /dev/null",
        "--grace=-1|--grace must be 0 or more seconds: -1.0",
        "--reactors=0|--reactors must be from 1 to 1024: 0",
        "extra|Unmatched argument at index 0: 'extra'",
      })
  void badArgumentsAreRefused(String argument, String message) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_h2c", argument)) {
      assertEquals(ChildProcess.refusal("iou_h2c", message), server.errors());
      assertEquals(2, server.status());
    }
  }

  @Test
  void aClientThatLeavesDoesNotEndTheServer() throws Exception {
    try (H2Client client = H2Client.open(port)) {
      client.request("GET", "/large.bin");
      client.socket().setSoLinger(true, 0);
    }
    run(client -> assertEquals("0123456789", text(client.get("/digits"))));
  }
}
