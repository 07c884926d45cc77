// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.cli.Main;
import dev.weft.examples.cli.h2c.H2Client.Response;
import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** A server of a folder with some files, and clients of it. */
abstract class H2Fixture {
  static final String READY = "tcp listening on ";
  static final byte[] LARGE = new byte[1_000_000];

  static {
    new Random(7).nextBytes(LARGE);
  }

  @TempDir static Path folder;
  static Path root;

  /** Serves most tests: a start costs more than they do. */
  static ChildProcess shared;

  static int port;

  @BeforeAll
  static void startServer() throws IOException {
    root = Files.createDirectories(folder.resolve("root"));
    Files.createDirectories(root.resolve("sub"));
    Files.createDirectories(root.resolve("empty"));
    Files.writeString(root.resolve("index.html"), "<p>index");
    Files.writeString(root.resolve("digits"), "0123456789");
    Files.writeString(root.resolve("sub/a b.txt"), "spaces");
    Files.writeString(root.resolve("nothing.css"), "");
    Files.write(root.resolve("large.bin"), LARGE);
    Files.writeString(folder.resolve("outside"), "secret");
    Files.createSymbolicLink(root.resolve("inward"), Path.of("digits"));
    Files.createSymbolicLink(root.resolve("outward"), Path.of("../outside"));
    Files.createSymbolicLink(root.resolve("up"), Path.of(".."));
    Files.createSymbolicLink(root.resolve("loop"), Path.of("loop"));
    shared = start("--quiet");
    port = awaitReady(shared);
  }

  @AfterAll
  static void endServer() throws Exception {
    try (ChildProcess server = shared) {
      assertEndsWell(server);
    }
  }

  static int awaitReady(ChildProcess server) throws IOException {
    String line = server.error();
    assertTrue(line != null && line.startsWith(READY), String.valueOf(line));
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  static ChildProcess start(String... options) throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--listen", "127.0.0.1:0"));
    arguments.addAll(List.of("--root", root.toString()));
    arguments.addAll(List.of(options));
    return ChildProcess.start(Main.class, "iou_h2c", arguments.toArray(String[]::new));
  }

  /** What a test does with a client. */
  interface Body {
    void run(H2Client client) throws Exception;
  }

  /** Runs {@code body} with a client of the server. */
  static void run(Body body) throws Exception {
    run(body, new int[0]);
  }

  static void run(Body body, int... settings) throws Exception {
    try (H2Client client = H2Client.open(port, settings)) {
      body.run(client);
    }
  }

  static void assertEndsWell(ChildProcess server) throws Exception {
    server.signal("TERM");
    assertEquals(0, server.status());
  }

  static String text(Response response) {
    return response.body.toString(UTF_8);
  }
}
