// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import org.apache.hc.core5.http2.H2Error;

/** A stream is of no more use, but the connection is (RFC 9113, section 5.4.2). */
final class StreamFailure extends Exception {
  private static final long serialVersionUID = 1L;

  private final int streamId;
  private final H2Error error;

  StreamFailure(int streamId, H2Error error, String message) {
    super(message);
    this.streamId = streamId;
    this.error = error;
  }

  int streamId() {
    return streamId;
  }

  H2Error error() {
    return error;
  }
}
