// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.backend.Backend;
import dev.weft.internal.queue.Clock;
import dev.weft.internal.queue.InboundQueue;

/** A loop's search for something to do before it sleeps. */
public final class Spin {
  private long limitNanos;
  private long count;
  private long hits;

  /** Sets how long to search; 0, as at first, for not at all. */
  public void limit(long nanos) {
    limitNanos = nanos;
  }

  /** How often there was a search. */
  public long count() {
    return count;
  }

  /** How many searches have found something. */
  public long hits() {
    return hits;
  }

  /**
   * Polls until something has completed, a message is there, or the time is over.
   *
   * @param timeout the time until the next deadline: it is searched no longer
   * @return the time that is left to sleep; 0 if there is something to do
   */
  long before(long timeout, Backend backend, InboundQueue inbound, Clock clock) {
    long limit = Math.min(limitNanos, timeout);
    if (limit == 0) {
      return timeout;
    }
    count++;
    long start = clock.nanoTime();
    long spent;
    do {
      if (backend.poll(0) > 0 || !inbound.isEmpty()) {
        hits++;
        return 0;
      }
      Thread.onSpinWait();
      spent = clock.nanoTime() - start;
    } while (spent < limit);
    return timeout == Backend.FOREVER ? timeout : Math.max(0, timeout - spent);
  }
}
