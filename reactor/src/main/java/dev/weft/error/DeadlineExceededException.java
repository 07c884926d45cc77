// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A call did not finish before its deadline. What it waited for goes on; the fiber is not
 * cancelled.
 */
public final class DeadlineExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Tells what took too long.
   *
   * @param message the call that was cut short
   */
  public DeadlineExceededException(String message) {
    super(message);
  }
}
