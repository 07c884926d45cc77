// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Fault counter of one process, and its supervisor thread. */
public final class FaultLimit {
  public static final int COUNT_MAX = 10;
  public static final Duration WITHIN = Duration.ofSeconds(1);

  private @Nullable ThreadControl supervisor;
  private int countMax = COUNT_MAX;
  private long withinNanos = WITHIN.toNanos();
  private int count;
  private long since;

  /** Makes {@code thread} the supervisor, with the current limit. */
  public void supervisor(ThreadControl thread) {
    supervisor = thread;
  }

  /** The supervisor, or null if there is none or it has ended. */
  @Nullable ThreadControl supervisor() {
    ThreadControl thread = supervisor;
    return thread == null || thread.isEnded() ? null : thread;
  }

  /** Sets how many faults are tolerated within a period. */
  public void limit(int faultsMax, Duration within) {
    countMax = faultsMax;
    withinNanos = within.toNanos();
  }

  /** Counts one fault. */
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
