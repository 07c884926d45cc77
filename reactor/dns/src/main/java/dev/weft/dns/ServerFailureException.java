// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

/** No name server has a usable answer: they can't be reached, report errors, or answer nonsense. */
public final class ServerFailureException extends DnsException {
  private static final long serialVersionUID = 1L;

  ServerFailureException(String host, String reason) {
    super(host, reason);
  }
}
