// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A fiber or coroutine has failed: a fiber that was joined or closed, a child of a bundle that the
 * caller is in, or a coroutine whose result was requested. The cause is the exception that ended
 * it. If the fiber ended only because it was cancelled, this is a {@link TaskCancelledException}.
 */
public sealed class TaskFailedException extends RuntimeException permits TaskCancelledException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names the fiber
   * @param cause what the fiber threw
   */
  public TaskFailedException(String message, Throwable cause) {
    super(message, cause);
  }
}
