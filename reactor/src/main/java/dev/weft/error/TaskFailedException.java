// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A fiber that was joined, a child of a bundle that the caller is in, or a coroutine that was asked
 * for its result has ended with an exception, which is the cause of this one.
 */
public final class TaskFailedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Wraps what ended a fiber.
   *
   * @param message names the fiber
   * @param cause what it threw
   */
  public TaskFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
