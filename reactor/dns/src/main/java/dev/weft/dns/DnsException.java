// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

import java.net.UnknownHostException;

/**
 * A name could not be resolved. The subclass says whether there is an answer, and the message names
 * the host and the reason. It is an {@link UnknownHostException} for the sake of programs that
 * expect those of the JDK.
 */
public abstract sealed class DnsException extends UnknownHostException
    permits NoSuchNameException, NoDataException, ServerFailureException, ServerTimeoutException {
  private static final long serialVersionUID = 1L;

  private final String host;
  private final String reason;

  DnsException(String host, String reason) {
    super(host + ": " + reason);
    this.host = host;
    this.reason = reason;
  }

  /** {@return the name or address that was looked up, as it was given} */
  public String host() {
    return host;
  }

  /** {@return why it could not be resolved; the message without the host} */
  public String reason() {
    return reason;
  }
}
