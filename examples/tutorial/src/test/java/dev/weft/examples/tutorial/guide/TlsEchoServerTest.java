// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.tutorial.guide;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.Reactor;
import dev.weft.ReactorGroup;
import dev.weft.net.TcpServer;
import dev.weft.net.TcpSocket;
import dev.weft.tls.CertifiedKey;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import dev.weft.tls.TlsSocket;
import dev.weft.tls.TrustStore;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsEchoServerTest {
  private static final char[] PASSWORD = "password".toCharArray();

  @TempDir private Path folder;

  /** A key for localhost that has signed its own certificate. */
  private CertifiedKey key() throws Exception {
    Path file = folder.resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keyalg",
                "EC",
                "-alias",
                "key",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost",
                "-storepass",
                new String(PASSWORD),
                "-keystore",
                file.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    assertEquals(0, keytool.waitFor());
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      keys.load(in, PASSWORD);
    }
    return CertifiedKey.of(
        (PrivateKey) keys.getKey("key", PASSWORD),
        List.of((X509Certificate) keys.getCertificate("key")));
  }

  @Test
  void everyReactorEchoesOverTls() throws Exception {
    CertifiedKey key = key();
    TlsContext serving = TlsContext.server(TlsOptions.defaults().withKey(key));
    TlsContext asking =
        TlsContext.client(TlsOptions.defaults().withTrust(TrustStore.of(key.chain())));
    InetSocketAddress anyPort = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    try (ReactorGroup group = ReactorGroup.start(2);
        TcpServer server = TlsEchoServer.start(group, anyPort, serving);
        Reactor reactor = Reactor.open()) {
      reactor.run(
          () -> {
            for (int i = 0; i < 10; i++) {
              assertEquals("client " + i, send("client " + i, server.localAddress(), asking));
            }
          });
      assertEquals(10, server.accepted());
      assertEquals(0, server.failed());
    }
  }

  private static String send(String text, InetSocketAddress address, TlsContext context)
      throws Exception {
    try (TlsSocket socket = TlsSocket.connect(TcpSocket.connect(address), context, "localhost");
        Arena arena = Arena.ofConfined()) {
      socket.write(arena.allocateFrom(text));
      MemorySegment answer = arena.allocate(text.length() + 1);
      socket.readFully(answer);
      return answer.getString(0);
    }
  }
}
