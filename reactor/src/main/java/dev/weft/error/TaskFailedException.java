// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A fiber that was joined or closed, a child of a bundle that the caller is in, or a coroutine that
 * was asked for its result has ended with an exception, which is the cause of this one. If the
 * fiber was cancelled and did no more than obey, it is a {@link TaskCancelledException}.
 */
public sealed class TaskFailedException extends RuntimeException permits TaskCancelledException {
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
