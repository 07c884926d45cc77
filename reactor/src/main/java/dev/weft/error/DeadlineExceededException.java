// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A call did not finish before the deadline that it was given. What it waited for goes on; the
 * fiber is not cancelled, and its next call may wait again.
 *
 * <p>If it is the deadline of a scope around the call that has passed, the call throws a {@link
 * ScopeExpiredException} instead, and so does every later call in that scope.
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
