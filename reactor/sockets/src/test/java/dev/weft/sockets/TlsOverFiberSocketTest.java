// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets;

import static dev.weft.sockets.Sockets.FACTORY;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.net.TcpListener;
import dev.weft.text.ByteReader;
import dev.weft.text.ByteWriter;
import dev.weft.tls.CertifiedKey;
import dev.weft.tls.TlsContext;
import dev.weft.tls.TlsOptions;
import dev.weft.tls.TlsSocket;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.Objects;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's TLS, layered over a socket. */
@Tag("needs-stack")
class TlsOverFiberSocketTest {
  @TempDir Path folder;

  /** A copy of a file that is among the resources of the library's tests, in a jar. */
  private Path file(String name) throws IOException {
    Path copy = folder.resolve(name);
    try (InputStream in = resource(name)) {
      Files.copy(in, copy);
    }
    return copy;
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(
        TlsOverFiberSocketTest.class.getResourceAsStream("/tls/" + name), name);
  }

  private static SSLContext trustingContext() throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream in = resource("ca.pem")) {
      store.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  private static void echoLines(TcpListener listener, TlsContext server) throws Exception {
    try (TlsSocket session = TlsSocket.accept(listener.accept(), server)) {
      ByteReader in = new ByteReader(session);
      ByteWriter out = new ByteWriter(session);
      for (String line; (line = in.readLine(100)) != null; ) {
        out.println(line);
        out.flush();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
  void aSessionOfTheJdkRunsInFibers(String protocol) throws Exception {
    SSLContext context = trustingContext();
    TlsContext server =
        TlsContext.server(
            TlsOptions.defaults().withKey(CertifiedKey.read(file("ec.pem"), file("ec-key.pem"))));

    Sockets.run(
        () -> {
          InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
          try (TcpListener listener = TcpListener.bind(any);
              Bundle bundle = Bundle.open()) {
            bundle.go(() -> echoLines(listener, server));
            InetSocketAddress address = listener.localAddress();
            Socket plain = FACTORY.createSocket(address.getAddress(), address.getPort());
            try (SSLSocket session =
                (SSLSocket)
                    context
                        .getSocketFactory()
                        .createSocket(plain, "localhost", address.getPort(), true)) {
              session.setEnabledProtocols(new String[] {protocol});
              session.startHandshake();
              assertEquals(protocol, session.getSession().getProtocol());
              BufferedReader in =
                  new BufferedReader(new InputStreamReader(session.getInputStream(), UTF_8));
              session.setSoTimeout(1);
              assertThrows(SocketTimeoutException.class, in::readLine);
              session.setSoTimeout(0);
              session.getOutputStream().write("hello\n".getBytes(UTF_8));
              assertEquals("hello", in.readLine());
            }
            assertEquals(true, plain.isClosed());
            bundle.await(Deadline.NEVER);
          }
        });
  }
}
