// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

/** The name exists, and has no records of the type that was asked for. */
public final class NoDataException extends DnsException {
  private static final long serialVersionUID = 1L;

  NoDataException(String host, String reason) {
    super(host, reason);
  }
}
