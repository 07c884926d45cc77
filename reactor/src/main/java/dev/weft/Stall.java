// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import java.time.Duration;
import java.util.List;

/**
 * Report of a fiber that has occupied its reactor for too long: it computes, or blocks in native
 * code or where it can't be suspended. See {@link ReactorOptions#stallLimit()}.
 *
 * @param fiber the fiber's name
 * @param lasting for how long at least; the stall may continue
 * @param blocked whether its thread waits instead of computing; this can be a deadlock, if it waits
 *     for something that only this reactor can do
 * @param stack the fiber's stack trace, innermost frame first
 */
public record Stall(
    String fiber, Duration lasting, boolean blocked, List<StackTraceElement> stack) {
  /** Copies the stack. */
  public Stall {
    stack = List.copyOf(stack);
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
}
