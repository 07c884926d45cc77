// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static dev.weft.examples.cli.TlsFiles.assertEchoes;
import static dev.weft.examples.cli.TlsFiles.assertEndsWell;
import static dev.weft.examples.cli.TlsFiles.awaitReady;
import static dev.weft.examples.cli.TlsFiles.connect;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Random;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IouTlsdTest {
  @TempDir Path folder;

  private TlsFiles files;

  @BeforeEach
  void openFolder() {
    files = new TlsFiles(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void allBytesAreEchoed(String version) throws Exception {
    byte[] sent = new byte[1_000_000];
    new Random(7).nextBytes(sent);

    try (ChildProcess server = files.server(files.pair("rsa"));
        SSLSocket socket = files.session(awaitReady(server), "localhost")) {
      socket.setEnabledProtocols(new String[] {version});
      Thread writer = Thread.ofPlatform().start(() -> write(socket, sent));
      assertArrayEquals(sent, socket.getInputStream().readNBytes(sent.length));
      writer.join();
      socket.shutdownOutput();
      assertEquals(-1, socket.getInputStream().read());
      assertEndsWell(server);
    }
  }

  private static void write(Socket socket, byte[] bytes) {
    try {
      socket.getOutputStream().write(bytes);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void aClientThatSaysNothingDelaysNoOther() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"))) {
      int port = awaitReady(server);
      try (Socket silent = connect(port);
          SSLSocket socket = files.session(port, "localhost")) {
        assertEchoes(socket, "served");
        assertTrue(silent.isConnected());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aHandshakeHasALimit() throws Exception {
    try (ChildProcess server = files.server("--handshake", "0.05", files.pair("ec"));
        Socket silent = connect(awaitReady(server))) {
      String peer = "127.0.0.1:" + silent.getLocalPort();
      assertEquals("tls " + peer + ": handshake: not within PT0.05S", server.error());
      assertEndsWell(server);
    }
  }

  @Test
  void aClientThatDoesNotSpeakTlsDoesNotEndTheServer() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"))) {
      int port = awaitReady(server);
      try (Socket plain = connect(port)) {
        plain.getOutputStream().write("hello, hello\n".getBytes(StandardCharsets.UTF_8));
        String line = String.valueOf(server.error());
        assertTrue(
            line.startsWith("tls 127.0.0.1:" + plain.getLocalPort() + ": handshake: "), line);
      }
      try (SSLSocket socket = files.session(port, "localhost")) {
        assertEchoes(socket, "still there");
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aClientThatLeavesWithoutEndingTheSessionIsReported() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"))) {
      int port = awaitReady(server);
      try (Socket transport = connect(port)) {
        SSLSocket socket =
            (SSLSocket)
                files
                    .context()
                    .getSocketFactory()
                    .createSocket(transport, "localhost", port, false);
        assertEchoes(socket, "x");
        transport.shutdownOutput();
        assertEquals(
            "tls 127.0.0.1:"
                + transport.getLocalPort()
                + ": the client has closed the connection without ending the session",
            server.error());
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @CsvSource({"localhost, ec", "alpha.example, alpha", "x.beta.example, beta"})
  void theCertificateIsThatForTheNameTheClientAsksFor(String host, String name) throws Exception {
    try (ChildProcess server =
        files.server(files.pair("ec"), files.pair("alpha"), files.pair("beta"))) {
      try (SSLSocket socket = files.session(awaitReady(server), host)) {
        assertEchoes(socket, "x");
        X509Certificate certificate =
            (X509Certificate) socket.getSession().getPeerCertificates()[0];
        assertEquals("CN=" + name, certificate.getSubjectX500Principal().getName());
      }
      assertEndsWell(server);
    }
  }

  @Test
  void theServerListensOnSeveralAddresses() throws Exception {
    try (ChildProcess server = files.server("--listen", "127.0.0.1:0", files.pair("ec"))) {
      int one = awaitReady(server);
      int two = awaitReady(server);
      try (SSLSocket first = files.session(one, "localhost");
          SSLSocket second = files.session(two, "localhost")) {
        assertEchoes(second, "two");
        assertEchoes(first, "one");
      }
      assertEndsWell(server);
    }
  }

  @Test
  void severalReactorsServeOnePort() throws Exception {
    try (ChildProcess server = files.server("--reactors", "2", files.pair("ec"))) {
      int port = awaitReady(server);
      for (int i = 0; i < 20; i++) { // each goes to one of the two
        try (SSLSocket socket = files.session(port, "localhost")) {
          assertEchoes(socket, "session " + i);
        }
      }
      assertEndsWell(server);
    }
  }

  @Test
  void aPortInUseIsReported() throws Exception {
    try (ChildProcess server = files.server(files.pair("ec"))) {
      String address = "127.0.0.1:" + awaitReady(server);
      try (ChildProcess late = files.server("--listen", address, files.pair("ec"))) {
        assertEquals(
            "iou_tlsd: tls listen " + address + ": Address already in use (EADDRINUSE)",
            late.errors());
        assertEquals(1, late.status());
      }
      assertEndsWell(server);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void openSessionsAreClosedAfterTheGraceTime(String signal) throws Exception {
    try (ChildProcess server = files.server("--grace", "0.05", files.pair("ec"));
        SSLSocket socket = files.session(awaitReady(server), "localhost")) {
      assertEchoes(socket, "x");
      server.signal(signal);
      assertEquals(0, server.status());
      assertEquals(-1, socket.getInputStream().read());
    }
  }

  @Test
  void aBadPairIsNamed() throws Exception {
    Path certificate = files.file("ec.pem");
    Path key = files.file("rsa-key.pem");
    try (ChildProcess server = files.server(files.pair("alpha"), certificate + "," + key)) {
      assertEquals(
          "iou_tlsd: "
              + key
              + ": the key does not belong to the first certificate of "
              + certificate,
          server.errors());
      assertEquals(1, server.status());
    }
    Path missing = folder.resolve("missing.pem");
    try (ChildProcess server = files.server(missing + "," + key)) {
      assertEquals("iou_tlsd: " + missing + ": no such file", server.errors());
      assertEquals(1, server.status());
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cert.pem|not CERT,KEY: cert.pem",
        "cert.pem,|not CERT,KEY: cert.pem,",
        "a,b,c|not CERT,KEY: a,b,c",
        "--handshake=-1 a,b|--handshake must be from 0 to 1000000 seconds: -1.0",
        "--grace=5s a,b|Invalid value for option '--grace': '5s' is not a decimal number of"
            + " seconds, without a unit",
        "--reactors=0 a,b|--reactors must be from 1 to 1024: 0",
        "--bogus a,b|Unknown option: '--bogus'"
      })
  void badArgumentsAreRefused(String arguments, String message) throws Exception {
    try (ChildProcess server = ChildProcess.start(Main.class, "iou_tlsd", arguments.split(" "))) {
      assertEquals(ChildProcess.refusal("iou_tlsd", message), server.errors());
      assertEquals(2, server.status());
    }
  }
}
