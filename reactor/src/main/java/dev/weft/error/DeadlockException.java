// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * Every fiber of a reactor waits for another one, so that none can continue. The message lists the
 * fibers, what each waits for, and where.
 */
public final class DeadlockException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the fibers, what they wait for, and their stacks
   */
  public DeadlockException(String message) {
    super(message);
  }
}
