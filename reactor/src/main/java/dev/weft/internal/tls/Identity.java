// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.tls;

import java.security.GeneralSecurityException;
import java.security.InvalidKeyException;
import java.security.PrivateKey;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** A private key with its chain of certificates, and the host names for which it stands. */
public final class Identity {
  /** The type of a DNS name among the alternative names of a certificate (RFC 5280, 4.2.1.6). */
  private static final int DNS_NAME = 2;

  private static final String WILDCARD = "*.";

  private final PrivateKey key;
  private final List<X509Certificate> chain;
  private final List<String> names;

  /**
   * Checks and combines the parts.
   *
   * @param chain the key's certificate first, then that of its issuer, and so on
   * @throws GeneralSecurityException if the key does not belong to the first certificate
   */
  public Identity(PrivateKey key, List<X509Certificate> chain) throws GeneralSecurityException {
    if (chain.isEmpty()) {
      throw new InvalidKeyException("there is no certificate for the key");
    }
    if (!PrivateKeys.match(key, chain.getFirst().getPublicKey())) {
      throw new InvalidKeyException("the key does not belong to the first certificate");
    }
    this.key = key;
    this.chain = List.copyOf(chain);
    this.names = dnsNames(chain.getFirst());
  }

  public PrivateKey key() {
    return key;
  }

  public List<X509Certificate> chain() {
    return chain;
  }

  /** The DNS names of the certificate, in lower case. */
  public List<String> names() {
    return names;
  }

  private static List<String> dnsNames(X509Certificate certificate)
      throws CertificateParsingException {
    Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
    List<String> names = new ArrayList<>();
    if (alternatives != null) {
      for (List<?> alternative : alternatives) {
        if (alternative.get(0).equals(DNS_NAME)) {
          names.add(alternative.get(1).toString().toLowerCase(Locale.ROOT));
        }
      }
    }
    return List.copyOf(names);
  }

  /** Whether the certificate is for this host; a wildcard stands for one label (RFC 9525, 6.3). */
  boolean isFor(String host) {
    String wanted = host.toLowerCase(Locale.ROOT);
    int dot = wanted.indexOf('.');
    for (String name : names) {
      if (name.equals(wanted)
          || (dot > 0
              && name.startsWith(WILDCARD)
              && wanted.endsWith(name.substring(1))
              && dot == wanted.length() - name.length() + 1)) {
        return true;
      }
    }
    return false;
  }

  /** Whether the key is of the type that JSSE asks for, such as RSA, EC or EC_RSA. */
  boolean isOf(String keyType) {
    String algorithm = key.getAlgorithm();
    return keyType.equals(algorithm) || keyType.startsWith(algorithm + "_");
  }
}
