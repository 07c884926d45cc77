// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A channel, mailbox, queue or event has ended: nothing more can be sent, or nothing is left to
 * receive.
 */
public final class ChannelClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Tells what has ended.
   *
   * @param message the call, and what it was made on
   */
  public ChannelClosedException(String message) {
    super(message);
  }
}
