// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import static dev.weft.Throwing.assertThrows;
import static dev.weft.tls.TlsPairs.CLIENT;
import static dev.weft.tls.TlsPairs.HOST;
import static dev.weft.tls.TlsPairs.SERVER;
import static dev.weft.tls.TlsPairs.key;
import static dev.weft.tls.TlsPairs.read;
import static dev.weft.tls.TlsPairs.receive;
import static dev.weft.tls.TlsPairs.send;
import static dev.weft.tls.TlsPairs.trusting;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.weft.Bundle;
import dev.weft.Deadline;
import dev.weft.Fiber;
import dev.weft.Reactors;
import dev.weft.Task;
import dev.weft.error.DeadlineExceededException;
import dev.weft.error.TaskCancelledException;
import dev.weft.net.TcpListener;
import dev.weft.net.TcpSocket;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** How a session begins, or does not. */
class HandshakeTest {
  /** The text of an exception with those of its causes. */
  private static String causes(Throwable failure) {
    List<String> texts = new ArrayList<>();
    for (Throwable each = failure; each != null; each = each.getCause()) {
      texts.add(String.valueOf(each.getMessage()));
    }
    return String.join(": ", texts);
  }

  private static TlsContext server(String... names) {
    TlsOptions options = TlsOptions.defaults();
    for (String name : names) {
      options = options.withKey(key(name));
    }
    return TlsContext.server(options);
  }

  /** What the client and the server get when they do not agree. */
  private record Refusal(IOException client, IOException server) {}

  /** A client that refuses, or is refused, at the latest when it reads. */
  private static Refusal refused(TlsContext client, TlsContext server, String host)
      throws Exception {
    IOException[] failures = new IOException[2];
    TlsPairs.withTcp(
        (left, right) -> {
          Fiber accepting =
              Fiber.start(
                  () ->
                      failures[1] =
                          assertThrows(
                              IOException.class, () -> read(TlsSocket.accept(right, server))));
          failures[0] =
              assertThrows(
                  IOException.class,
                  () -> {
                    try (TlsSocket socket = TlsSocket.connect(left, client, host)) {
                      read(socket);
                    }
                  });
          accepting.join();
          assertFalse(left.isOpen());
        });
    return new Refusal(failures[0], failures[1]);
  }

  private static void assertAgrees(TlsContext client, TlsContext server, String host)
      throws Exception {
    TlsPairs.withTcp(
        (left, right) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<TlsSocket> accepting = bundle.go(() -> TlsSocket.accept(right, server));
            try (TlsSocket from = TlsSocket.connect(left, client, host);
                TlsSocket to = accepting.join()) {
              send(from, "x");
              assertEquals("x", receive(to, 1));
            }
          }
        });
  }

  // ---- the server's certificate

  @ParameterizedTest
  @ValueSource(strings = {"rsa", "ec", "ed25519", "chained"})
  void keysOfAllKindsAreAccepted(String name) throws Exception {
    assertAgrees(CLIENT, server(name), HOST);
  }

  @ParameterizedTest
  @CsvSource({"rsa, rsa-pkcs1-key.pem", "ec, ec-sec1-key.pem"})
  void keysOfOlderFormsAreAccepted(String name, String file) throws Exception {
    CertifiedKey key = CertifiedKey.read(TlsPairs.file(name + ".pem"), TlsPairs.file(file));
    assertAgrees(CLIENT, TlsContext.server(TlsOptions.defaults().withKey(key)), HOST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "[::1]", "LOCALHOST", "localhost."})
  void theCertificateMayBeForTheAddressOrTheNameOfTheHost(String host) throws Exception {
    assertAgrees(CLIENT, SERVER, host);
  }

  @ParameterizedTest
  @EnumSource
  void aCertificateOfAnUnknownAuthorityIsRefused(TlsVersion version) throws Exception {
    Refusal refusal = refused(TlsPairs.client(version), server("foreign"), HOST);

    assertTrue(causes(refusal.client).contains("unable to find valid certification path"));
    assertTrue(causes(refusal.server).contains("certificate_unknown"), causes(refusal.server));
  }

  @ParameterizedTest
  @CsvSource({
    "alpha.example, No subject alternative DNS name matching alpha.example",
    "127.0.0.2, No subject alternative names matching IP address 127.0.0.2"
  })
  void aCertificateForAnotherHostIsRefused(String host, String complaint) throws Exception {
    assertTrue(causes(refused(CLIENT, SERVER, host).client).contains(complaint));
  }

  @Test
  void aWildcardStandsForOneLabel() throws Exception {
    assertAgrees(CLIENT, server("beta"), "x.beta.example");
    assertTrue(
        causes(refused(CLIENT, server("beta"), "x.y.beta.example").client)
            .contains("No subject alternative DNS name matching"));
  }

  @Test
  void theCheckOfTheNameCanBeLeftOut() throws Exception {
    assertAgrees(TlsPairs.client(trusting().withoutHostNameCheck()), SERVER, "alpha.example");
  }

  @Test
  void anExpiredCertificateIsRefused() throws Exception {
    String complaint = causes(refused(CLIENT, server("expired"), HOST).client);
    assertTrue(complaint.contains("NotAfter"), complaint);
  }

  @Test
  void theTrustOfTheSystemDoesNotIncludeTheTestsAuthority() throws Exception {
    refused(TlsPairs.client(TlsOptions.defaults()), SERVER, HOST);
    refused(TlsPairs.client(TlsOptions.defaults().withTrust(TrustStore.jdk())), SERVER, HOST);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "no_such.host", "-", "a b"})
  void whatIsNoHostIsRefused(String host) throws Exception {
    TlsPairs.withTcp(
        (left, right) -> {
          IllegalArgumentException refusal =
              assertThrows(
                  IllegalArgumentException.class, () -> TlsSocket.connect(left, CLIENT, host));
          assertEquals(
              "not the name or the address of a host: " + host,
              String.valueOf(refusal.getMessage()));
          assertFalse(left.isOpen());
        });
  }

  // ---- names, protocols, versions

  @ParameterizedTest
  @CsvSource({
    "alpha.example, alpha",
    "ALPHA.example, alpha",
    "beta.example, beta",
    "x.beta.example, beta",
    "localhost, ec",
    "127.0.0.1, ec"
  })
  void theServerChoosesItsCertificateByName(String host, String chosen) throws Exception {
    TlsContext server = server("ec", "alpha", "beta");
    TlsPairs.withTcp(
        (left, right) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<TlsSocket> accepting = bundle.go(() -> TlsSocket.accept(right, server));
            try (TlsSocket from = TlsSocket.connect(left, CLIENT, host);
                TlsSocket to = accepting.join()) {
              assertEquals(
                  List.of(key(chosen).chain().getFirst()),
                  List.of(from.session().getPeerCertificates()));
              Optional<String> name =
                  host.equals("127.0.0.1")
                      ? Optional.empty()
                      : Optional.of(host.toLowerCase(java.util.Locale.ROOT));
              assertEquals(name, to.requestedHost());
            }
          }
        });
  }

  @ParameterizedTest
  @CsvSource({"h2 http/1.1, http/1.1 h2, http/1.1", "h2, h2, h2", "'', h2, ''", "h2, '', ''"})
  void bothAgreeOnAnApplicationProtocol(String clients, String servers, String agreed)
      throws Exception {
    TlsContext client = TlsPairs.client(trusting().withApplicationProtocols(words(clients)));
    TlsContext server =
        TlsContext.server(SERVER.options().withApplicationProtocols(words(servers)));
    TlsPairs.withTls(
        client,
        server,
        (from, to) -> {
          Optional<String> expected = Optional.of(agreed).filter(protocol -> !protocol.isEmpty());
          assertEquals(expected, from.applicationProtocol());
          assertEquals(expected, to.applicationProtocol());
        });
  }

  private static String[] words(String text) {
    return text.isEmpty() ? new String[0] : text.split(" ");
  }

  @ParameterizedTest
  @EnumSource
  void aServerRefusesAClientThatOffersOtherApplicationProtocols(TlsVersion version)
      throws Exception {
    TlsContext client =
        TlsPairs.client(
            trusting().withVersions(version, version).withApplicationProtocols("spdy/1"));
    TlsContext server = TlsContext.server(SERVER.options().withApplicationProtocols("h2"));

    assertTrue(causes(refused(client, server, HOST).client).contains("no_application_protocol"));
  }

  @Test
  void versionsThatDoNotMeetAreRefused() throws Exception {
    TlsContext server =
        TlsContext.server(SERVER.options().withVersions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_3));

    Refusal refusal = refused(TlsPairs.client(TlsVersion.TLS_1_2), server, HOST);

    assertTrue(causes(refusal.client).contains("protocol_version"), causes(refusal.client));
  }

  // ---- certificates of clients

  private static TlsContext asking(ClientAuthentication authentication) {
    return TlsContext.server(
        SERVER.options().withTrust(TlsPairs.authority()).withClientAuthentication(authentication));
  }

  @ParameterizedTest
  @EnumSource
  void aClientShowsItsCertificate(TlsVersion version) throws Exception {
    TlsContext client =
        TlsPairs.client(trusting().withVersions(version, version).withKey(key("client")));
    TlsPairs.withTls(
        client,
        asking(ClientAuthentication.NEEDED),
        (from, to) -> assertEquals("CN=client", to.session().getPeerPrincipal().getName()));
  }

  @ParameterizedTest
  @EnumSource
  void aClientWithoutACertificateIsRefusedIfOneIsNeeded(TlsVersion version) throws Exception {
    Refusal refusal = refused(TlsPairs.client(version), asking(ClientAuthentication.NEEDED), HOST);
    assertTrue(causes(refusal.server).contains("Empty client certificate chain"));
  }

  @Test
  void aClientWithoutACertificateIsAcceptedIfOneIsWanted() throws Exception {
    TlsPairs.withTls(
        CLIENT,
        asking(ClientAuthentication.WANTED),
        (from, to) ->
            assertThrows(SSLPeerUnverifiedException.class, () -> to.session().getPeerPrincipal()));
  }

  @Test
  void aClientOfAnUnknownAuthorityIsRefused() throws Exception {
    TlsContext client = TlsPairs.client(trusting().withKey(key("foreign")));
    refused(client, asking(ClientAuthentication.NEEDED), HOST);
  }

  // ---- sessions that are resumed

  @ParameterizedTest
  @EnumSource
  void aSessionIsResumed(TlsVersion version) throws Exception {
    TlsContext client = TlsPairs.client(version);
    List<Long> created = new ArrayList<>();
    Reactors.run(
        () -> {
          try (TcpListener listener = TcpListener.bind(TlsPairs.loopback())) {
            for (int i = 0; i < 3; i++) {
              TlsPairs.over(
                  TcpSocket.connect(listener.localAddress()),
                  listener.accept(),
                  client,
                  SERVER,
                  (from, to) -> {
                    created.add(from.session().getCreationTime());
                    send(to, "after the ticket");
                    receive(from, 16);
                  });
            }
          }
        });

    assertEquals(List.of(created.getFirst(), created.getFirst(), created.getFirst()), created);
  }

  // ---- renegotiation

  @Test
  void aServerRefusesRenegotiation() throws Exception {
    TlsPairs.withTls(
        TlsVersion.TLS_1_2,
        (client, server) -> {
          client.engine().beginHandshake();
          TlsRecords.sendOwn(client);

          SSLException refusal = assertThrows(SSLException.class, () -> read(server));

          assertTrue(causes(refusal).contains("renegotiation"), causes(refusal));
          server.close();
          assertThrows(IOException.class, () -> receive(client, 1));
        });
  }

  @Test
  void aClientRefusesRenegotiation() throws Exception {
    TlsPairs.withTls(
        TlsVersion.TLS_1_2,
        (client, server) -> {
          server.engine().beginHandshake(); // a HelloRequest
          TlsRecords.sendOwn(server);
          SSLException refusal = assertThrows(SSLException.class, () -> read(client));
          assertTrue(causes(refusal).contains("renegotiation"), causes(refusal));
        });
  }

  // ---- what is no TLS, and what does not come

  @ParameterizedTest
  @ValueSource(
      strings = {"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "\0\0\0\0\0\0\0\0", "SSH-2.0"})
  void aClientThatDoesNotSpeakTlsIsRefused(String text) throws Exception {
    TlsPairs.withTcp(
        (client, server) -> {
          send(client, text);
          assertThrows(SSLException.class, () -> TlsSocket.accept(server, SERVER));
          assertFalse(server.isOpen());
        });
  }

  @Test
  void aServerThatDoesNotSpeakTlsIsRefused() throws Exception {
    TlsPairs.withTcp(
        (client, server) -> {
          send(server, "220 mail.example ESMTP\r\n");
          assertThrows(SSLException.class, () -> TlsSocket.connect(client, CLIENT, HOST));
        });
  }

  @Test
  void aPeerThatClosesInTheHandshakeIsReported() throws Exception {
    TlsPairs.withTcp(
        (client, server) -> {
          server.close();
          IOException failure =
              assertThrows(IOException.class, () -> TlsSocket.connect(client, CLIENT, HOST));
          assertNotNull(failure.getMessage());
          assertFalse(client.isOpen());
        });
  }

  @Test
  void theHandshakeEndsAtItsDeadline() throws Exception {
    TlsPairs.withTcp(
        (client, server) -> {
          Deadline soon = Deadline.after(Duration.ofMillis(1));
          assertThrows(
              DeadlineExceededException.class, () -> TlsSocket.accept(server, SERVER, soon));
          assertFalse(server.isOpen());
          assertThrows(
              DeadlineExceededException.class,
              () -> TlsSocket.connect(client, CLIENT, HOST, Deadline.NOW));
          assertFalse(client.isOpen());
        });
  }

  @Test
  void aHandshakeCanBeCancelled() throws Exception {
    TlsPairs.withTcp(
        (client, server) -> {
          try (Bundle bundle = Bundle.open()) {
            Task<TlsSocket> accepting = bundle.go(() -> TlsSocket.accept(server, SERVER));
            Fiber.yield();
            accepting.cancel();
            assertThrows(TaskCancelledException.class, accepting::join);
            assertFalse(server.isOpen());
          }
        });
  }

  @Test
  void aContextIsForClientsOrForAServer() throws Exception {
    TlsPairs.withTcp(
        (client, server) -> {
          assertThrows(
              IllegalArgumentException.class, () -> TlsSocket.connect(client, SERVER, HOST));
          assertThrows(IllegalArgumentException.class, () -> TlsSocket.accept(server, CLIENT));
        });
  }
}
