// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A channel, mailbox, queue or event has ended: nothing more can be sent, or nothing is left to
 * receive.
 */
public final class ChannelClosedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the call, and the object that has ended
   */
  public ChannelClosedException(String message) {
    super(message);
  }
}
