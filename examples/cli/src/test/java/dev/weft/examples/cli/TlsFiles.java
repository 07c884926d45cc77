// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.examples.common.ChildProcess;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/** The keys of the library's tests as files, and clients that trust their authority. */
final class TlsFiles {
  private static final String READY = "tls listening on ";

  private final Path folder;

  TlsFiles(Path folder) {
    this.folder = folder;
  }

  /** A file of that name in the folder. */
  Path file(String name) throws IOException {
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      try (InputStream in =
          Objects.requireNonNull(TlsFiles.class.getResourceAsStream("/tls/" + name), name)) {
        Files.copy(in, file);
      }
    }
    return file;
  }

  /** A certificate and its key as an argument of iou_tlsd. */
  String pair(String name) throws IOException {
    return file(name + ".pem") + "," + file(name + "-key.pem");
  }

  /** Starts iou_tlsd on a port of the kernel's choice. */
  ChildProcess server(String... arguments) throws IOException {
    List<String> all = new ArrayList<>(List.of("--listen", "127.0.0.1:0"));
    all.addAll(List.of(arguments));
    return ChildProcess.start(Main.class, "iou_tlsd", all.toArray(String[]::new));
  }

  static int awaitReady(ChildProcess server) throws IOException {
    String line = server.error();
    assertTrue(line != null && line.startsWith(READY), String.valueOf(line));
    return Integer.parseInt(line.substring(line.lastIndexOf(':') + 1));
  }

  static void assertEndsWell(ChildProcess server) throws Exception {
    server.signal("TERM");
    assertEquals(0, server.status());
  }

  static Socket connect(int port) throws IOException {
    Socket socket = new Socket();
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
    return socket;
  }

  /** A session with a server, which it has been asked for by that name. */
  SSLSocket session(int port, String host) throws IOException, GeneralSecurityException {
    return (SSLSocket) context().getSocketFactory().createSocket(connect(port), host, port, true);
  }

  /** A context of clients that trust the authority of the tests. */
  SSLContext context() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (InputStream in = Files.newInputStream(file("ca.pem"))) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  static void assertEchoes(Socket socket, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    socket.getOutputStream().write(bytes);
    assertEquals(
        text, new String(socket.getInputStream().readNBytes(bytes.length), StandardCharsets.UTF_8));
  }
}
