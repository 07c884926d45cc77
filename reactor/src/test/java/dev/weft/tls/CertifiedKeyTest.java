// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files of keys and certificates, and what is wrong with them. */
@Tag("mode-independent")
class CertifiedKeyTest {
  private static final Path CERTIFICATE = TlsPairs.file("ec.pem");

  @TempDir Path folder;

  private static String complaintOf(Path certificates, Path key) {
    return String.valueOf(
        assertThrows(IOException.class, () -> CertifiedKey.read(certificates, key)).getMessage());
  }

  private Path written(String text) throws IOException {
    return Files.writeString(folder.resolve("file.pem"), text);
  }

  @Test
  void aKeyHasTheNamesOfItsCertificate() throws Exception {
    assertEquals(List.of("beta.example", "*.beta.example"), TlsPairs.key("beta").names());
    assertEquals(2, TlsPairs.key("chained").chain().size());
  }

  @Test
  void oneFileMayHaveBoth() throws Exception {
    Path both =
        written(
            "some text\n"
                + Files.readString(TlsPairs.file("ec-key.pem")).replace("\n", "\r\n")
                + Files.readString(CERTIFICATE));
    assertEquals("CN=ec", CertifiedKey.read(both, both).toString());
  }

  @Test
  void anEncryptedKeyIsRefused() {
    for (String name : List.of("rsa-encrypted-key.pem", "rsa-pkcs1-encrypted-key.pem")) {
      Path key = TlsPairs.file(name);
      assertEquals(
          key + ": the private key is encrypted; decrypt it, with openssl pkey for example",
          complaintOf(TlsPairs.file("rsa.pem"), key));
    }
  }

  @Test
  void aKeyOfAnotherCertificateIsRefused() {
    for (String name : List.of("alpha-key.pem", "rsa-key.pem")) {
      Path key = TlsPairs.file(name);
      assertEquals(
          key + ": the key does not belong to the first certificate of " + CERTIFICATE,
          complaintOf(CERTIFICATE, key));
    }
  }

  @Test
  void filesThatCannotBeReadAreNamed() {
    Path missing = folder.resolve("missing.pem");
    assertEquals(missing + ": no such file", complaintOf(missing, missing));
    assertEquals(missing + ": no such file", complaintOf(CERTIFICATE, missing));
    assertEquals(folder + ": Is a directory", complaintOf(folder, missing));
  }

  @Test
  void whatIsMissingInAFileIsNamed() throws Exception {
    Path key = TlsPairs.file("ec-key.pem");
    assertEquals(key + ": there is no certificate in it", complaintOf(key, key));
    assertEquals(
        CERTIFICATE + ": there is no private key in it", complaintOf(CERTIFICATE, CERTIFICATE));
    Path two = written(Files.readString(key) + Files.readString(key));
    assertEquals(
        two + ": line 6: the PRIVATE KEY is the second one in the file",
        complaintOf(CERTIFICATE, two));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "PRIVATE KEY|MIGH\\n|no -----END PRIVATE KEY----- after it",
        "PRIVATE KEY|MIGH\\n-----END RSA PRIVATE KEY-----\\n|no -----END PRIVATE KEY----- after it",
        "PRIVATE KEY|M!GH\\n-----END PRIVATE KEY-----\\n|the PRIVATE KEY is not in Base64",
        "PRIVATE KEY|\\n-----END PRIVATE KEY-----\\n"
            + "|the PRIVATE KEY can't be parsed: it ends too early",
        "PRIVATE KEY|MAUCAQAw\\n-----END PRIVATE KEY-----\\n"
            + "|the PRIVATE KEY can't be parsed: it ends too early",
        "PRIVATE KEY|AgEA\\n-----END PRIVATE KEY-----\\n"
            + "|the PRIVATE KEY can't be parsed: there is a value with tag 2 where one with tag 48"
            + " belongs",
        "PRIVATE KEY|MAgCAQAwAwYBKg==\\n-----END PRIVATE KEY-----\\n"
            + "|the PRIVATE KEY can't be parsed: its algorithm is not supported: object 2a",
        "EC PRIVATE KEY|MAYCAQEEAQE=\\n-----END EC PRIVATE KEY-----\\n"
            + "|the EC PRIVATE KEY can't be parsed: it does not name its curve",
        "DSA PRIVATE KEY|MAYCAQEEAQE=\\n-----END DSA PRIVATE KEY-----\\n"
            + "|the DSA PRIVATE KEY can't be parsed: this kind of key is not supported",
      })
  void keysThatCannotBeParsedAreReportedWithTheirLine(String label, String body, String complaint)
      throws Exception {
    Path key = written("text\n-----BEGIN " + label + "-----\n" + body.replace("\\n", "\n"));
    assertEquals(key + ": line 2: " + complaint, complaintOf(CERTIFICATE, key));
  }

  @Test
  void aCertificateThatCannotBeParsedIsReportedWithItsLine() throws Exception {
    Path file = written("-----BEGIN CERTIFICATE-----\nMAUC\n-----END CERTIFICATE-----\n");
    String complaint =
        String.valueOf(assertThrows(IOException.class, () -> TrustStore.read(file)).getMessage());
    assertEquals(
        file + ": line 1: the CERTIFICATE can't be parsed: ",
        complaint.substring(0, complaint.indexOf("parsed: ") + 8));
  }

  @Test
  void aKeyNeedsACertificate() {
    CertifiedKey key = TlsPairs.key("ec");
    assertThrows(
        GeneralSecurityException.class, () -> CertifiedKey.of(key.identity().key(), List.of()));
  }

  @Test
  void badOptionsAreRefused() {
    TlsOptions options = TlsOptions.defaults();
    assertThrows(IllegalArgumentException.class, () -> TlsContext.server(options));
    assertThrows(
        IllegalArgumentException.class,
        () ->
            TlsContext.server(
                options
                    .withKey(TlsPairs.key("ec"))
                    .withClientAuthentication(ClientAuthentication.NEEDED)));
    assertThrows(
        IllegalArgumentException.class,
        () -> options.withVersions(TlsVersion.TLS_1_3, TlsVersion.TLS_1_2));
    assertThrows(IllegalArgumentException.class, () -> options.withApplicationProtocols(""));
    assertThrows(
        IllegalArgumentException.class, () -> options.withSessions(0, Duration.ofHours(1)));
    assertThrows(IllegalArgumentException.class, () -> options.withSessions(1, Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> TrustStore.of(List.of()));
  }
}
