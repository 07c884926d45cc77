// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

/** Versions of the protocol. Those before 1.2 are broken and not supported (RFC 8996). */
public enum TlsVersion {
  /** RFC 5246. Renegotiation is refused. The end of one direction ends the other one too. */
  TLS_1_2("TLSv1.2"),
  /** RFC 8446. */
  TLS_1_3("TLSv1.3");

  private final String standardName;

  TlsVersion(String standardName) {
    this.standardName = standardName;
  }

  /** {@return the name that the JDK uses, such as {@code TLSv1.3}} */
  public String standardName() {
    return standardName;
  }
}
