// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * The current fiber was cancelled, or the current coroutine closed. It is thrown by the suspending
 * call that the fiber was in, and again by every later one, so that the fiber ends soon. It can
 * still clean up with calls that do not suspend. Starting a fiber or opening a bundle throws it
 * too.
 */
public final class CancelledException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the call that was cancelled, and the fiber
   */
  public CancelledException(String message) {
    super(message);
  }
}
