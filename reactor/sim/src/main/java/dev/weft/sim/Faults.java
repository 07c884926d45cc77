// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.time.Duration;

/**
 * What goes wrong in a simulation, and how often. Rates are in thousandths: 0 is never, 1000
 * always. Immutable; start from {@link #none}, {@link #ordinary} or {@link #harsh}.
 */
public final class Faults {
  private static final int RATE_MAX = 1000;

  private final Duration delayMax;
  private final int shortTransfers;
  private final int interruptions;
  private final int deferrals;
  private final int endedAccepts;
  private final int lateCancels;
  private final int resets;
  private final int exhaustions;

  private Faults(
      Duration delayMax,
      int shortTransfers,
      int interruptions,
      int deferrals,
      int endedAccepts,
      int lateCancels,
      int resets,
      int exhaustions) {
    if (delayMax.isNegative() || delayMax.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("delayMax must be from zero to a day: " + delayMax);
    }
    check("shortTransfers", shortTransfers);
    check("interruptions", interruptions);
    check("deferrals", deferrals);
    check("endedAccepts", endedAccepts);
    check("lateCancels", lateCancels);
    check("resets", resets);
    check("exhaustions", exhaustions);
    if (interruptions == RATE_MAX) {
      throw new IllegalArgumentException("interruptions must be less than 1000, or nothing ends");
    }

    this.delayMax = delayMax;
    this.shortTransfers = shortTransfers;
    this.interruptions = interruptions;
    this.deferrals = deferrals;
    this.endedAccepts = endedAccepts;
    this.lateCancels = lateCancels;
    this.resets = resets;
    this.exhaustions = exhaustions;
  }

  private static void check(String name, int rate) {
    if (rate < 0 || rate > RATE_MAX) {
      throw new IllegalArgumentException(name + " must be from 0 to 1000: " + rate);
    }
  }

  /**
   * No faults: every operation completes immediately and in full. Only the order of fibers is
   * random.
   *
   * @return faults without any
   */
  public static Faults none() {
    return new Faults(Duration.ZERO, 0, 0, 0, 0, 0, 0, 0);
  }

  /**
   * Faults that a correct program does not notice: delays, short transfers, interruptions, full
   * queues, and races of cancellations.
   *
   * @return faults that are no failures
   */
  public static Faults ordinary() {
    return new Faults(Duration.ofMillis(50), 300, 100, 100, 200, 500, 0, 0);
  }

  /**
   * The faults of {@link #ordinary}, and also broken and refused connections, and descriptors and
   * memory that run out. A program gets exceptions; it must neither hang nor lose anything else.
   *
   * @return many faults
   */
  public static Faults harsh() {
    return ordinary().withResets(10).withExhaustions(20);
  }

  /**
   * These faults with other delays.
   *
   * @param max see {@link #delayMax()}
   * @return new faults
   */
  public Faults withDelayMax(Duration max) {
    return new Faults(
        max,
        shortTransfers,
        interruptions,
        deferrals,
        endedAccepts,
        lateCancels,
        resets,
        exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #shortTransfers()}
   * @return new faults
   */
  public Faults withShortTransfers(int rate) {
    return new Faults(
        delayMax, rate, interruptions, deferrals, endedAccepts, lateCancels, resets, exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #interruptions()}
   * @return new faults
   */
  public Faults withInterruptions(int rate) {
    return new Faults(
        delayMax, shortTransfers, rate, deferrals, endedAccepts, lateCancels, resets, exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #deferrals()}
   * @return new faults
   */
  public Faults withDeferrals(int rate) {
    return new Faults(
        delayMax,
        shortTransfers,
        interruptions,
        rate,
        endedAccepts,
        lateCancels,
        resets,
        exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #endedAccepts()}
   * @return new faults
   */
  public Faults withEndedAccepts(int rate) {
    return new Faults(
        delayMax, shortTransfers, interruptions, deferrals, rate, lateCancels, resets, exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #lateCancels()}
   * @return new faults
   */
  public Faults withLateCancels(int rate) {
    return new Faults(
        delayMax,
        shortTransfers,
        interruptions,
        deferrals,
        endedAccepts,
        rate,
        resets,
        exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #resets()}
   * @return new faults
   */
  public Faults withResets(int rate) {
    return new Faults(
        delayMax,
        shortTransfers,
        interruptions,
        deferrals,
        endedAccepts,
        lateCancels,
        rate,
        exhaustions);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #exhaustions()}
   * @return new faults
   */
  public Faults withExhaustions(int rate) {
    return new Faults(
        delayMax,
        shortTransfers,
        interruptions,
        deferrals,
        endedAccepts,
        lateCancels,
        resets,
        rate);
  }

  /**
   * {@return how long at most an operation takes to start, a completion to arrive, and bytes to get
   * from one end of a connection to the other. Half of the delays are zero, the others of any
   * magnitude. Connections overtake each other, bytes of one never}
   */
  public Duration delayMax() {
    return delayMax;
  }

  /** {@return how often a read or write moves less than it could} */
  public int shortTransfers() {
    return shortTransfers;
  }

  /** {@return how often an operation is interrupted before it does anything; users never see it} */
  public int interruptions() {
    return interruptions;
  }

  /** {@return how often an operation finds the submission queue full and has to be retried} */
  public int deferrals() {
    return deferrals;
  }

  /** {@return how often a multishot accept ends with the connection that it delivers} */
  public int endedAccepts() {
    return endedAccepts;
  }

  /** {@return how often an operation that could be cancelled completes all the same} */
  public int lateCancels() {
    return lateCancels;
  }

  /**
   * {@return how often a piece of data breaks its connection, so that both ends get ECONNRESET or
   * EPIPE, and how often a connection is refused}
   */
  public int resets() {
    return resets;
  }

  /** {@return how often no descriptor or no memory is left: EMFILE, ENFILE, ENOBUFS, ENOMEM} */
  public int exhaustions() {
    return exhaustions;
  }

  @Override
  public String toString() {
    return "Faults[delayMax="
        + delayMax
        + ", shortTransfers="
        + shortTransfers
        + ", interruptions="
        + interruptions
        + ", deferrals="
        + deferrals
        + ", endedAccepts="
        + endedAccepts
        + ", lateCancels="
        + lateCancels
        + ", resets="
        + resets
        + ", exhaustions="
        + exhaustions
        + "]";
  }
}
