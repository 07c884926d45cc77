// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import javax.net.ssl.SSLException;

/**
 * The connection has ended without the close_notify that ends a TLS session (RFC 8446, 6.1). The
 * peer may have crashed, or someone may have cut off the rest of what the peer has sent.
 */
public final class TruncatedStreamException extends SSLException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the stream that has ended
   */
  public TruncatedStreamException(String message) {
    super(message);
  }
}
