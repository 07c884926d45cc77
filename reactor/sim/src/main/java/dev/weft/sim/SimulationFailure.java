// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

/**
 * A simulation has failed: the program threw, or broke a rule, or could not end. The message tells
 * the seed, which replays it; the cause is what was thrown.
 */
public final class SimulationFailure extends AssertionError {
  private static final long serialVersionUID = 1L;

  private final long seed;
  private final transient Trace trace;

  SimulationFailure(String message, Throwable cause, long seed, Trace trace) {
    super(message, cause);
    this.seed = seed;
    this.trace = trace;
  }

  /**
   * What replays the failure.
   *
   * @return the seed of the run
   */
  public long seed() {
    return seed;
  }

  /**
   * What had happened.
   *
   * @return the trace of the run, up to its end
   */
  public Trace trace() {
    return trace;
  }
}
