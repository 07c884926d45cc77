// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

/** The input violates the protocol, or exceeds a limit. */
final class UnreadableException extends Exception {
  private static final long serialVersionUID = 1L;

  UnreadableException(String reason) {
    super("Protocol error: " + reason);
  }
}
