// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/**
 * What goes wrong in a simulation, and how often. Rates are in thousandths: 0 is never, 1000
 * always. Immutable; start from {@link #none}, {@link #ordinary} or {@link #harsh}.
 */
public final class Faults {
  private static final int RATE_MAX = 1000;

  /** What has a rate. */
  private enum Kind {
    SHORT_TRANSFERS("shortTransfers"),
    INTERRUPTIONS("interruptions"),
    DEFERRALS("deferrals"),
    ENDED_MULTISHOTS("endedMultishots"),
    LATE_CANCELS("lateCancels"),
    RESETS("resets"),
    EXHAUSTIONS("exhaustions"),
    LOSSES("losses"),
    DUPLICATES("duplicates"),
    REORDERINGS("reorderings");

    final String text;

    Kind(String text) {
      this.text = text;
    }
  }

  private final Duration delayMax;

  /** The rates that are not 0. */
  private final Map<Kind, Integer> rates;

  private Faults(Duration delayMax, Map<Kind, Integer> rates) {
    if (delayMax.isNegative() || delayMax.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("delayMax must be from zero to a day: " + delayMax);
    }
    rates.forEach(
        (kind, rate) -> {
          if (rate < 0 || rate > RATE_MAX) {
            throw new IllegalArgumentException(kind.text + " must be from 0 to 1000: " + rate);
          }
        });
    if (rates.getOrDefault(Kind.INTERRUPTIONS, 0) == RATE_MAX) {
      throw new IllegalArgumentException("interruptions must be less than 1000, or nothing ends");
    }

    this.delayMax = delayMax;
    this.rates = rates;
  }

  private Faults with(Kind kind, int rate) {
    EnumMap<Kind, Integer> changed = new EnumMap<>(Kind.class);
    changed.putAll(rates);
    changed.put(kind, rate);
    return new Faults(delayMax, changed);
  }

  private int rate(Kind kind) {
    return rates.getOrDefault(kind, 0);
  }

  /**
   * No faults: every operation completes immediately and in full. Only the order of fibers is
   * random.
   *
   * @return faults without any
   */
  public static Faults none() {
    return new Faults(Duration.ZERO, new EnumMap<>(Kind.class));
  }

  /**
   * Faults that a correct program does not notice: delays, short transfers, interruptions, full
   * queues, and races of cancellations.
   *
   * @return faults that are no failures
   */
  public static Faults ordinary() {
    return none()
        .withDelayMax(Duration.ofMillis(50))
        .withShortTransfers(300)
        .withInterruptions(100)
        .withDeferrals(100)
        .withEndedMultishots(200)
        .withLateCancels(500);
  }

  /**
   * The faults of {@link #ordinary}, and also broken and refused connections, datagrams that are
   * lost, doubled or reordered, and descriptors and memory that run out. A program gets exceptions;
   * it must neither hang nor lose anything else.
   *
   * @return many faults
   */
  public static Faults harsh() {
    return ordinary()
        .withResets(10)
        .withExhaustions(20)
        .withLosses(50)
        .withDuplicates(50)
        .withReorderings(100);
  }

  /**
   * These faults with other delays.
   *
   * @param max see {@link #delayMax()}
   * @return new faults
   */
  public Faults withDelayMax(Duration max) {
    return new Faults(max, rates);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #shortTransfers()}
   * @return new faults
   */
  public Faults withShortTransfers(int rate) {
    return with(Kind.SHORT_TRANSFERS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #interruptions()}
   * @return new faults
   */
  public Faults withInterruptions(int rate) {
    return with(Kind.INTERRUPTIONS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #deferrals()}
   * @return new faults
   */
  public Faults withDeferrals(int rate) {
    return with(Kind.DEFERRALS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #endedMultishots()}
   * @return new faults
   */
  public Faults withEndedMultishots(int rate) {
    return with(Kind.ENDED_MULTISHOTS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #lateCancels()}
   * @return new faults
   */
  public Faults withLateCancels(int rate) {
    return with(Kind.LATE_CANCELS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #resets()}
   * @return new faults
   */
  public Faults withResets(int rate) {
    return with(Kind.RESETS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #exhaustions()}
   * @return new faults
   */
  public Faults withExhaustions(int rate) {
    return with(Kind.EXHAUSTIONS, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #losses()}
   * @return new faults
   */
  public Faults withLosses(int rate) {
    return with(Kind.LOSSES, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #duplicates()}
   * @return new faults
   */
  public Faults withDuplicates(int rate) {
    return with(Kind.DUPLICATES, rate);
  }

  /**
   * These faults with another rate.
   *
   * @param rate see {@link #reorderings()}
   * @return new faults
   */
  public Faults withReorderings(int rate) {
    return with(Kind.REORDERINGS, rate);
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
    return rate(Kind.SHORT_TRANSFERS);
  }

  /** {@return how often an operation is interrupted before it does anything; users never see it} */
  public int interruptions() {
    return rate(Kind.INTERRUPTIONS);
  }

  /** {@return how often an operation finds the submission queue full and has to be retried} */
  public int deferrals() {
    return rate(Kind.DEFERRALS);
  }

  /** {@return how often a multishot accept or receive ends with what it delivers} */
  public int endedMultishots() {
    return rate(Kind.ENDED_MULTISHOTS);
  }

  /** {@return how often an operation that could be cancelled completes all the same} */
  public int lateCancels() {
    return rate(Kind.LATE_CANCELS);
  }

  /**
   * {@return how often a piece of data breaks its connection, so that both ends get ECONNRESET or
   * EPIPE, and how often a connection is refused}
   */
  public int resets() {
    return rate(Kind.RESETS);
  }

  /** {@return how often no descriptor or no memory is left: EMFILE, ENFILE, ENOBUFS, ENOMEM} */
  public int exhaustions() {
    return rate(Kind.EXHAUSTIONS);
  }

  /** {@return how often a datagram is lost} */
  public int losses() {
    return rate(Kind.LOSSES);
  }

  /** {@return how often a datagram arrives twice} */
  public int duplicates() {
    return rate(Kind.DUPLICATES);
  }

  /** {@return how often a datagram arrives later than those sent after it} */
  public int reorderings() {
    return rate(Kind.REORDERINGS);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Faults[delayMax=").append(delayMax);
    for (Kind kind : Kind.values()) {
      text.append(", ").append(kind.text).append('=').append(rate(kind));
    }
    return text.append(']').toString();
  }
}
