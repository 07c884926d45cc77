// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns.internal.message;

import java.io.IOException;

/** A message with the id of a query is no message of DNS. */
public final class MalformedAnswerException extends IOException {
  private static final long serialVersionUID = 1L;

  MalformedAnswerException(Exception cause) {
    super("malformed answer: " + cause.getMessage(), cause);
  }
}
