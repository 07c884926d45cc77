// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.sim.run.TraceLog;
import java.time.Duration;
import java.util.List;

/**
 * Log of a simulation, turn by turn: which fiber ran and how it stopped, and which operation
 * completed with what result. It keeps the last 2000 events, and a digest of all: two runs are
 * equal if their traces are.
 */
public final class Trace {
  private final TraceLog log;

  Trace(TraceLog log) {
    this.log = log;
  }

  /**
   * How many turns of the reactor there were.
   *
   * @return from 0
   */
  public long turns() {
    return log.turns();
  }

  /**
   * How many events there were.
   *
   * @return those included that are not kept
   */
  public long events() {
    return log.events();
  }

  /**
   * A digest of all events. Two different runs have the same one with a probability of 2⁻⁶⁴.
   *
   * @return the digest of all events
   */
  public long digest() {
    return log.digest();
  }

  /**
   * When the last event happened.
   *
   * @return virtual time since the start
   */
  public Duration elapsed() {
    return log.elapsed();
  }

  /**
   * The last events, oldest first, one a line.
   *
   * @param most how many at most
   * @return lines for people
   */
  public List<String> lastEvents(int most) {
    return log.lastEvents(most);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Trace trace && trace.log.equals(log);
  }

  @Override
  public int hashCode() {
    return log.hashCode();
  }

  @Override
  public String toString() {
    return log.toString();
  }
}
