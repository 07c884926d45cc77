// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import java.io.IOException;
import org.apache.hc.core5.http2.H2Error;

/** The client has violated the protocol: the connection ends (RFC 9113, section 5.4.1). */
final class ConnectionFailure extends IOException {
  private static final long serialVersionUID = 1L;

  private final H2Error error;

  ConnectionFailure(H2Error error, String message) {
    super(message);
    this.error = error;
  }

  H2Error error() {
    return error;
  }
}
