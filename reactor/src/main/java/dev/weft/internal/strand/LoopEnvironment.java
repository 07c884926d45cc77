// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.os.SignalSource;
import dev.weft.internal.queue.Clock;
import java.util.concurrent.Executor;

/**
 * Stands in for what a loop has from the machine, so that a run depends on a seed alone: the time,
 * the order among strands that can run, threads beside it, signals.
 */
public abstract class LoopEnvironment implements Clock {
  /** For subclasses in the test kit. */
  protected LoopEnvironment() {}

  /** A number from 0 to {@code bound} - 1. */
  public abstract int choose(int bound);

  /** Runs what blocks its thread, at some time, while the loop stands still. */
  public abstract Executor blocking();

  /** Where signals come from. */
  public abstract SignalSource signals();

  /** A strand has been resumed and has suspended or ended again. */
  public abstract void resumed(Strand strand);

  /** A turn is over. */
  public abstract void turned(EventLoop loop);

  /** A thread other than the loop's asks for something to arrive. Any thread. */
  public abstract void reached(Thread thread, Object what);
}
