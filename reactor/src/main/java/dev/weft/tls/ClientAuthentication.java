// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

/** Whether a server asks its clients for certificates. */
public enum ClientAuthentication {
  /** The server does not ask. */
  NONE,
  /** The server asks, and accepts a client without a certificate. A bad one is refused. */
  WANTED,
  /** The server refuses a client without a certificate. */
  NEEDED
}
