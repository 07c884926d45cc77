// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A task was joined for its result and has none, because it was cancelled. The cause is the
 * exception that the cancel made it throw.
 *
 * <p>The caller itself has not been cancelled: that would be a {@link CancelledException}.
 */
public final class TaskCancelledException extends TaskFailedException {
  private static final long serialVersionUID = 1L;

  /**
   * Wraps what ended a task.
   *
   * @param message names the fiber
   * @param cause what it threw when it was cancelled
   */
  public TaskCancelledException(String message, Throwable cause) {
    super(message, cause);
  }
}
