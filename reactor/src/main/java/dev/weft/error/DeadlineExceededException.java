// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A call did not finish before its deadline. Other work that it waited for continues; the fiber is
 * not cancelled, and its next call may wait again.
 *
 * <p>If the deadline of an enclosing scope has passed, the call throws a {@link
 * ScopeExpiredException} instead, and so does every later call in that scope.
 */
public final class DeadlineExceededException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the call that timed out
   */
  public DeadlineExceededException(String message) {
    super(message);
  }
}
