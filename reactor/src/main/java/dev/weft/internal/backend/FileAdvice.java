// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

/** What {@link Opcode#ADVISE} says of the use of a range of a file (posix_fadvise(2)). */
public enum FileAdvice {
  NORMAL,
  RANDOM,
  SEQUENTIAL,
  WILL_NEED,
  DONT_NEED,
  NO_REUSE
}
