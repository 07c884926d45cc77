// SPDX-License-Identifier: Apache-2.0
package dev.weft.micro;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Counts the faults of one process, and knows the thread that supervises the others. */
final class MicroFaults {
  static final int COUNT_MAX = 10;
  static final Duration WITHIN = Duration.ofSeconds(1);

  private @Nullable MicroThread supervisor;
  private int countMax = COUNT_MAX;
  private long withinNanos = WITHIN.toNanos();
  private int count;
  private long since;

  /** Has {@code thread} supervise the others, with the present limit. */
  void supervisor(MicroThread thread) {
    supervisor = thread;
  }

  /** The thread that supervises the others, or null if there is none that could. */
  @Nullable MicroThread supervisor() {
    MicroThread thread = supervisor;
    return thread == null || thread.isEnded() ? null : thread;
  }

  /** Sets how many faults within what time are not too many. */
  void limit(int faultsMax, Duration within) {
    countMax = faultsMax;
    withinNanos = within.toNanos();
  }

  /** There has been another one. */
  void add() {
    long now = System.nanoTime();
    if (count == 0 || now - since > withinNanos) {
      count = 0;
      since = now;
    }
    count++;
  }

  boolean areTooMany() {
    return count > countMax;
  }
}
