// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A joined task has no result, because it was cancelled. The cause is the exception that the cancel
 * made it throw.
 *
 * <p>The caller itself has not been cancelled: that would be a {@link CancelledException}.
 */
public final class TaskCancelledException extends TaskFailedException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message names the fiber
   * @param cause what the task threw when it was cancelled
   */
  public TaskCancelledException(String message, Throwable cause) {
    super(message, cause);
  }
}
