// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import dev.weft.internal.tls.PemFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.List;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;

/**
 * The certificate authorities whose word is taken for who a peer is. Immutable; may be used by any
 * thread. There is none that trusts everyone.
 */
public final class TrustStore {
  /** Where systems have the authorities that they trust: Debian, Fedora, SUSE, Alpine and macOS. */
  private static final List<Path> SYSTEM =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"),
          Path.of("/etc/ssl/cert.pem"));

  private final String name;
  private final TrustManager[] managers;

  private TrustStore(String name, TrustManager[] managers) {
    this.name = name;
    this.managers = managers;
  }

  /**
   * Reads the authorities that the system trusts: /etc/ssl/certs/ca-certificates.crt, or where else
   * it has them. Where it has no such file, those of the JDK. Blocks the thread for some ten
   * milliseconds.
   *
   * @return the authorities
   * @throws IOException if the file can't be read or parsed
   */
  public static TrustStore system() throws IOException {
    for (Path path : SYSTEM) {
      if (Files.isReadable(path)) {
        return read(path);
      }
    }
    return jdk();
  }

  /**
   * Reads a PEM file (RFC 7468) of certificates. Blocks the thread.
   *
   * @param file with one or more certificates: of authorities, or of peers that are trusted
   *     themselves
   * @return the authorities
   * @throws IOException if the file can't be read or parsed; the message names it and the cause
   */
  public static TrustStore read(Path file) throws IOException {
    return of(file.toString(), PemFile.read(file).certificates());
  }

  /**
   * Takes the authorities that the JDK comes with, or those that its system properties name ({@code
   * javax.net.ssl.trustStore}). Blocks the thread for some ten milliseconds.
   *
   * @return the authorities
   */
  public static TrustStore jdk() {
    return new TrustStore("the JDK", managers(null));
  }

  /**
   * Takes the given certificates.
   *
   * @param authorities at least one certificate, of an authority or of a peer that is trusted
   *     itself
   * @return the authorities
   */
  public static TrustStore of(Collection<X509Certificate> authorities) {
    if (authorities.isEmpty()) {
      throw new IllegalArgumentException("there must be at least one authority to trust");
    }
    return of(authorities.size() + " certificates", authorities);
  }

  private static TrustStore of(String name, Collection<X509Certificate> authorities) {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (X509Certificate authority : authorities) {
        store.setCertificateEntry(Integer.toString(number++), authority);
      }
      return new TrustStore(name, managers(store));
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException("the JDK can't keep certificates", e);
    }
  }

  private static TrustManager[] managers(@Nullable KeyStore store) {
    try {
      TrustManagerFactory factory = TrustManagerFactory.getInstance("PKIX");
      factory.init(store);
      return factory.getTrustManagers();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("the JDK can't check certificates", e);
    }
  }

  TrustManager[] managers() {
    return managers;
  }

  /** {@return where the authorities come from} */
  @Override
  public String toString() {
    return name;
  }
}
