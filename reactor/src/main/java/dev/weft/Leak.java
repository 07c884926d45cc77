// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.util.List;

/**
 * Something that was not closed: a socket, listener, file or pipe that was open when its reactor
 * was closed or when nothing referred to it any more, or a suspended {@link Coroutine} or {@link
 * Generator} that nothing referred to, whose {@code finally} blocks never run. The reactor has
 * closed the descriptor. See {@link ReactorOptions#leakHandler()}.
 *
 * @param resource what it is, with its name or address where that is known
 * @param reason how it was found
 * @param openedAt the stack trace of the call that opened it, innermost frame first. Empty unless
 *     the JVM was started with {@code -Ddev.weft.trace.opens=true}, since traces are expensive
 */
public record Leak(String resource, Reason reason, List<StackTraceElement> openedAt) {
  /** How a leak was found. */
  public enum Reason {
    /** It was open when its reactor was closed. */
    REACTOR_CLOSED,
    /** Nothing referred to it any more; found some time after a garbage collection. */
    GARBAGE
  }

  /** Copies the stack trace. */
  public Leak {
    openedAt = List.copyOf(openedAt);
  }

  /** One line, and the stack trace. */
  @Override
  public String toString() {
    String how =
        reason == Reason.GARBAGE
            ? " was not closed before it became garbage"
            : " was open when its reactor was closed";
    StringBuilder text = new StringBuilder(resource).append(how);
    openedAt.forEach(frame -> text.append("\n    at ").append(frame));
    return text.toString();
  }
}
