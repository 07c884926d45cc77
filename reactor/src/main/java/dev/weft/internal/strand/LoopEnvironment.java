// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.os.SignalSource;
import dev.weft.internal.queue.Clock;
import java.util.concurrent.Executor;

/**
 * The simulated environment of a loop, which makes a run depend only on a seed: the time, the order
 * of runnable strands, blocking calls, signals.
 */
public abstract class LoopEnvironment implements Clock {
  /** For subclasses in the test kit. */
  protected LoopEnvironment() {}

  /** A number from 0 to {@code bound} - 1. */
  public abstract int choose(int bound);

  /** The executor that runs blocking calls at some time while the loop does not run. */
  public abstract Executor blocking();

  /** The source of signals. */
  public abstract SignalSource signals();
}
