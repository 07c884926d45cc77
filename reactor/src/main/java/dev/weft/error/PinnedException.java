// SPDX-License-Identifier: Apache-2.0
package dev.weft.error;

/**
 * A fiber or coroutine tried to suspend where it can't be taken off its thread: below a class
 * initialiser, or below a native frame such as an upcall; or, if its task has been woven, below
 * unwoven code. A fiber that waited there would block the whole reactor, so the call fails instead.
 */
public final class PinnedException extends IllegalStateException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the exception.
   *
   * @param message the fiber, the call that would have suspended, and the frames
   */
  public PinnedException(String message) {
    super(message);
  }
}
