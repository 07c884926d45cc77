// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import java.time.Duration;
import org.apache.hc.core5.http2.H2Error;

/**
 * Limits how often a client may do what costs the server more than the client, or is of no use: in
 * each period so many times.
 */
final class FloodGuard {
  private static final long PERIOD_NANOS = Duration.ofSeconds(10).toNanos();

  private final int max;
  private final String what;
  private long periodStart = System.nanoTime();
  private int count;

  /**
   * Makes a guard.
   *
   * @param max how often in ten seconds
   * @param what the client does
   */
  FloodGuard(int max, String what) {
    this.max = max;
    this.what = what;
  }

  /** Counts one. */
  void count() throws ConnectionFailure {
    if (++count <= max) {
      return;
    }
    long now = System.nanoTime();
    if (now - periodStart < PERIOD_NANOS) {
      throw new ConnectionFailure(H2Error.ENHANCE_YOUR_CALM, "too many " + what);
    }
    periodStart = now;
    count = 1;
  }
}
