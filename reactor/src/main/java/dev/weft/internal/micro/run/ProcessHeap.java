// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.internal.micro.io.PageBudget;

/** The micro-heap of a process, as far as the process manages it. */
public interface ProcessHeap extends PageBudget {
  /** Sets whether the process is running; blocks may be accessed only then. */
  void active(boolean active);

  /** Releases its pages if no block is left. */
  void releaseIfIdle();

  /**
   * Frees every block of {@code owner}; returns false if one is in use by an operation, and stays.
   */
  boolean freeAll(Object owner);

  /** Releases the memory in one step. Idempotent. */
  void close();

  boolean isOpen();
}
