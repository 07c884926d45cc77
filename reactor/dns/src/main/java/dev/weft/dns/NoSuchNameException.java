// SPDX-License-Identifier: Apache-2.0
package dev.weft.dns;

/** The name does not exist (NXDOMAIN), or is none that could. */
public final class NoSuchNameException extends DnsException {
  private static final long serialVersionUID = 1L;

  NoSuchNameException(String host, String reason) {
    super(host, reason);
  }
}
