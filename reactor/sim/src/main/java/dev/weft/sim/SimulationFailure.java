// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

/**
 * Thrown when a simulation fails: the program threw, broke a rule, or could not end. The message
 * contains the seed, which replays the run; the cause is the program's exception.
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
