// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import dev.weft.Bundle;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.io.ByteStream;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Objects;

/** Pairs of sessions for tests, with the keys and certificates among the resources. */
final class TlsPairs {
  static final String HOST = "localhost";
  static final TlsContext CLIENT = client(trusting());
  static final TlsContext SERVER = TlsContext.server(TlsOptions.defaults().withKey(key("ec")));

  private TlsPairs() {}

  /** Both ends of a connection, which are closed afterwards. */
  @FunctionalInterface
  interface Ends<S extends ByteStream> {
    void use(S client, S server) throws Exception;
  }

  // ---- keys and contexts

  static Path file(String name) {
    try {
      return Path.of(
          Objects.requireNonNull(TlsPairs.class.getResource("/tls/" + name), name).toURI());
    } catch (URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static CertifiedKey key(String name) {
    try {
      return CertifiedKey.read(file(name + ".pem"), file(name + "-key.pem"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TrustStore authority() {
    try {
      return TrustStore.read(file("ca.pem"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Options that trust the tests' authority. */
  static TlsOptions trusting() {
    return TlsOptions.defaults().withTrust(authority());
  }

  static TlsContext client(TlsOptions options) {
    try {
      return TlsContext.client(options);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static TlsContext client(TlsVersion version) {
    return client(trusting().withVersions(version, version));
  }

  static InetSocketAddress loopback() {
    return new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
  }

  // ---- pairs

  /** Runs {@code body} with two connected TCP sockets. */
  static void withTcp(Ends<TcpSocket> body) throws Exception {
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(loopback());
              TcpSocket client = TcpSocket.connect(listener.localAddress());
              TcpSocket server = listener.accept()) {
            body.use(client, server);
          }
        });
  }

  /** Runs {@code body} with a session between two contexts. */
  static void withTls(TlsContext client, TlsContext server, Ends<TlsSocket> body) throws Exception {
    withTcp((left, right) -> over(left, right, client, server, body));
  }

  static void withTls(TlsVersion version, Ends<TlsSocket> body) throws Exception {
    withTls(client(version), SERVER, body);
  }

  /** Runs {@code body} with a session over two connected streams. */
  static void over(
      ByteStream left, ByteStream right, TlsContext client, TlsContext server, Ends<TlsSocket> body)
      throws Exception {
    try (Bundle bundle = Bundle.open()) {
      Task<TlsSocket> accepting = bundle.go(() -> TlsSocket.accept(right, server));
      try (TlsSocket from = TlsSocket.connect(left, client, HOST);
          TlsSocket to = accepting.join()) {
        body.use(from, to);
      }
    }
  }

  // ---- bytes

  static void send(ByteStream stream, String text) throws IOException {
    send(stream, text.getBytes(StandardCharsets.UTF_8));
  }

  static void send(ByteStream stream, byte[] bytes) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      stream.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes));
    }
  }

  /** Reads as many bytes as {@code text} has. */
  static String receive(ByteStream stream, int length) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment target = arena.allocate(length);
      stream.readFully(target);
      return new String(target.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }
  }

  /** Reads once; null at the end of the stream. */
  static int read(ByteStream stream) throws IOException {
    try (Arena arena = Arena.ofShared()) {
      return stream.read(arena.allocate(100));
    }
  }
}
