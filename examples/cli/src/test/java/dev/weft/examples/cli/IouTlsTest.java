// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static dev.weft.examples.cli.TlsFiles.assertEndsWell;
import static dev.weft.examples.cli.TlsFiles.awaitReady;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IouTlsTest {
  /** More than a handshake takes on a busy machine. */
  private static final String PATIENT = "--timeout=120";

  @TempDir Path folder;

  private TlsFiles files;

  @BeforeEach
  void openFolder() {
    files = new TlsFiles(folder);
  }

  private ChildProcess client(String... targets) throws IOException {
    List<String> arguments = new ArrayList<>(List.of(PATIENT, "--ca=" + files.file("ca.pem")));
    arguments.addAll(List.of(targets));
    return ChildProcess.start(Main.class, "iou_tls", arguments.toArray(String[]::new));
  }

  private static void write(ChildProcess client, String text) throws IOException {
    try (OutputStream out = client.process.getOutputStream()) {
      out.write(text.getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void inputIsSentAndAnswersAreWritten() throws Exception {
    try (ChildProcess server = files.server(files.pair("rsa"))) {
      int port = awaitReady(server);
      try (ChildProcess client = client("localhost/" + port)) {
        write(client, "hello\n".repeat(20_000));
        assertEquals("hello\n".repeat(20_000), client.output());
        assertEquals("connect to localhost 127.0.0.1:" + port, client.errors());
        assertEquals(0, client.status());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void theFirstHostThatAgreesIsUsed() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"))) {
      int port = awaitReady(server);
      String refused = "127.0.0.99/" + port;
      String another = "127.0.0.1/" + port;
      try (ChildProcess client = client(refused, another)) {
        write(client, "x");
        assertEquals("x", client.output());
        assertEquals(
            "iou_tls: %s: Connection refused (ECONNREFUSED)%nconnect to 127.0.0.1 127.0.0.1:%d"
                .formatted(refused, port),
            client.errors());
        assertEquals(0, client.status());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aServerOfAnUnknownAuthorityIsRefused() throws Exception {
    try (ChildProcess server = files.server(files.pair("foreign"))) {
      int port = awaitReady(server);
      try (ChildProcess client = client("localhost/" + port)) {
        String errors = client.errors();
        assertTrue(
            errors.contains("iou_tls: localhost/" + port + ": ")
                && errors.contains("unable to find valid certification path"),
            errors);
        assertEquals(1, client.status());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void theVariableNamesTheAuthorities() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"))) {
      String target = "localhost/" + awaitReady(server);
      String line = "IOUCONTEXT_CA_BUNDLE=" + files.file("ca.pem") + " exec \"$@\"";
      try (ChildProcess client = ChildProcess.shell(Main.class, line, "iou_tls", PATIENT, target)) {
        write(client, "x");
        assertEquals("x", client.output());
        assertEquals(0, client.status());
      }
      // The tests' authority is none of the system's.
      try (ChildProcess client = ChildProcess.start(Main.class, "iou_tls", PATIENT, target)) {
        assertEquals("", client.output());
        assertEquals(1, client.status());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aServerThatIsKilledIsReported() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"));
        ChildProcess client = client("localhost/" + awaitReady(server))) {
      OutputStream out = client.process.getOutputStream();
      out.write('x');
      out.flush();
      assertEquals('x', client.process.getInputStream().read());
      server.process.destroyForcibly();
      String errors = client.errors();
      assertTrue(errors.contains("iou_tls: receiving: "), errors);
      assertEquals(1, client.status());
    }
  }

  @Test
  void aFileWithoutAuthoritiesIsNamed() throws Exception {
    Path missing = folder.resolve("missing.pem");
    try (ChildProcess client =
        ChildProcess.start(Main.class, "iou_tls", "--ca", missing.toString(), "localhost")) {
      assertEquals("iou_tls: " + missing + ": no such file", client.errors());
      assertEquals(1, client.status());
    }
  }

  @Test
  void servicesHaveNumbersAndNames() throws Exception {
    assertEquals(7, Services.port("echo"));
    assertEquals(443, Services.port("https"));
    assertEquals(12345, Services.port("12345"));
    assertThrows(IllegalArgumentException.class, () -> Services.port("0"));
    assertThrows(IllegalArgumentException.class, () -> Services.port("65536"));
  }

  @Test
  void theServiceIsEchoByDefault() throws Exception {
    // Nothing listens on this address: the connection is refused, not the argument.
    try (ChildProcess client = client("127.0.0.99")) {
      assertEquals("iou_tls: 127.0.0.99: Connection refused (ECONNREFUSED)", client.errors());
      assertEquals(1, client.status());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "localhost/|not HOST or HOST/SERVICE: localhost/",
        "/https|not HOST or HOST/SERVICE: /https",
        "localhost/no-such-service|localhost/no-such-service: unknown service: no-such-service",
        "localhost/70000|localhost/70000: the port must be from 1 to 65535: 70000",
        "--timeout=0 x|--timeout must be more than 0, and up to 1000000 seconds: 0.0",
        "--bogus|Unknown option: '--bogus'"
      })
  void badArgumentsAreRefused(String arguments, String message) throws Exception {
    try (ChildProcess client = ChildProcess.start(Main.class, "iou_tls", arguments.split(" "))) {
      assertEquals(ChildProcess.refusal("iou_tls", message), client.errors());
      assertEquals(2, client.status());
    }
  }
}
