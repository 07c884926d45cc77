// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.redis;

/** What was sent is not the protocol, or larger than is allowed. */
final class UnreadableException extends Exception {
  private static final long serialVersionUID = 1L;

  UnreadableException(String reason) {
    super("Protocol error: " + reason);
  }
}
