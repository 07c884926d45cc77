// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.time.Duration;
import java.util.List;

/**
 * Report of a fiber that has occupied its reactor for too long: it computes, or blocks in native
 * code or where it can't be suspended. See {@link ReactorOptions#stallLimit()}.
 */
public final class Stall {

  private final String fiber;
  private final Duration lasting;
  private final boolean blocked;
  private final List<StackTraceElement> stack;

  /** That a thread in {@code state} has not come back to its loop for {@code nanos}. */
  Stall(String fiber, Thread.State state, StackTraceElement[] stack, long nanos) {
    this.fiber = fiber;
    lasting = Duration.ofNanos(nanos);
    blocked =
        switch (state) {
          case BLOCKED, WAITING, TIMED_WAITING -> true;
          default -> false;
        };
    this.stack = List.of(stack);
  }

  /** One line, and the stack. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(fiber)
        .append(blocked ? " has blocked" : " has held up")
        .append(" its reactor for ");
    text.append(lasting.toMillis()).append(" ms");
    stack.forEach(frame -> text.append("\n    at ").append(frame));
    return text.toString();
  }

  /** {@return the fiber's name} */
  public String fiber() {
    return fiber;
  }

  /** {@return for how long at least; the stall may continue} */
  public Duration lasting() {
    return lasting;
  }

  /**
   * {@return whether its thread waits instead of computing; this can be a deadlock, if it waits for
   * something that only this reactor can do}
   */
  public boolean blocked() {
    return blocked;
  }

  /** {@return the fiber's stack trace, innermost frame first} */
  public List<StackTraceElement> stack() {
    return stack;
  }
}
