// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

/** No name server has answered in the time and with the attempts that are configured. */
public final class ServerTimeoutException extends DnsException {
  private static final long serialVersionUID = 1L;

  ServerTimeoutException(String host, String reason) {
    super(host, reason);
  }
}
