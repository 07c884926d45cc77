// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.process;

/**
 * Where a standard stream of a child comes from, or goes to.
 *
 * @param target the path of a FILE, the object of a STREAM, and for messages
 * @param detail the {@link dev.weft.internal.backend.OpenFlags} of a FILE, the number of a
 *     DESCRIPTOR
 */
public record StreamTarget(Kind kind, Object target, int detail) {
  /** What it is. */
  public enum Kind {
    /** The stream of this process. */
    INHERIT,
    /** For standard error: what standard output is. */
    OUTPUT,
    PIPE,
    FILE,
    STREAM,
    DESCRIPTOR
  }
}
