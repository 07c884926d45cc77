// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import dev.weft.internal.tls.Identity;
import dev.weft.internal.tls.PemFile;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A private key with the certificates that vouch for it: how a server, or a client if it is asked
 * to, shows who it is. Immutable; may be used by any thread.
 */
public final class CertifiedKey {
  private final Identity identity;

  private CertifiedKey(Identity identity) {
    this.identity = identity;
  }

  /**
   * Reads two PEM files (RFC 7468); they may be the same one. Blocks the thread: in a fiber, use
   * {@link dev.weft.Blocking}.
   *
   * @param certificates a file with the certificate of the key, followed by those of its issuers,
   *     without the last one, which clients have
   * @param key a file with an unencrypted private key: PKCS#8 (RFC 5958), SEC 1 for elliptic curves
   *     (RFC 5915), or PKCS#1 for RSA (RFC 8017)
   * @return the key
   * @throws IOException if a file can't be read or parsed, or the two do not belong together; the
   *     message names the file and the cause
   */
  public static CertifiedKey read(Path certificates, Path key) throws IOException {
    List<X509Certificate> chain = PemFile.read(certificates).certificates();
    PrivateKey privateKey = PemFile.read(key).privateKey();
    try {
      return new CertifiedKey(new Identity(privateKey, chain));
    } catch (GeneralSecurityException e) {
      throw new IOException(key + ": " + e.getMessage() + " of " + certificates, e);
    }
  }

  /**
   * Combines a key with its certificates.
   *
   * @param key the private key
   * @param chain the certificate of the key, followed by those of its issuers
   * @return the key
   * @throws GeneralSecurityException if the key is not that of the first certificate, or of an
   *     unknown kind
   */
  public static CertifiedKey of(PrivateKey key, List<X509Certificate> chain)
      throws GeneralSecurityException {
    return new CertifiedKey(new Identity(key, chain));
  }

  /** {@return the certificate of the key, followed by those of its issuers} */
  public List<X509Certificate> chain() {
    return identity.chain();
  }

  /**
   * {@return the DNS names of the certificate, in lower case; a server chooses by them among
   * several keys}
   */
  public List<String> names() {
    return identity.names();
  }

  Identity identity() {
    return identity;
  }

  /** {@return the subject of the certificate} */
  @Override
  public String toString() {
    return chain().getFirst().getSubjectX500Principal().toString();
  }
}
