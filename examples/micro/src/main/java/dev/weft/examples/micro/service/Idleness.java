// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.micro.service;

import dev.weft.Deadline;
import java.time.Duration;

/**
 * How long a client may neither send nor read anything before its connection is closed.
 *
 * @param limit zero for no limit
 */
public record Idleness(Duration limit) {
  /** No limit. */
  public static final Idleness UNLIMITED = new Idleness(Duration.ZERO);

  /**
   * The deadline of a wait that begins now.
   *
   * @return until when it may take
   */
  public Deadline deadline() {
    return limit.isZero() ? Deadline.NEVER : Deadline.after(limit);
  }
}
