// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What {@link Opcode#ALLOCATE} does with a range of a file (fallocate(2)). */
public enum Allocation {
  /** Takes space for all of it; the file becomes longer if the range ends beyond. */
  ALLOCATE,
  /** As ALLOCATE, and the size stays. */
  RESERVE,
  /** Gives the space back: the range reads as zeros; the size stays. */
  PUNCH_HOLE,
  /** The range reads as zeros and has space; the file becomes longer if it ends beyond. */
  ZERO,
  /** Removes the range: what follows moves to its start. */
  COLLAPSE,
  /** Moves what follows the start of the range to its end, and leaves zeros. */
  INSERT
}
