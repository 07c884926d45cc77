// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.env;

import java.util.random.RandomGenerator;

/** The only source of randomness in a simulation: SplitMix64 (Steele, Lea, Flood 2014). */
public final class SeededRandom implements RandomGenerator {
  private static final int PER_MILLE = 1000;

  private long state;

  public SeededRandom(long seed) {
    state = seed;
  }

  @Override
  public long nextLong() {
    state += 0x9E3779B97F4A7C15L;
    long z = state;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Returns a number from 0 to {@code bound} - 1. */
  public int below(int bound) {
    return (int) (((nextLong() >>> 33) * bound) >>> 31);
  }

  /** Returns true with a probability of {@code perMille} thousandths. */
  public boolean happens(int perMille) {
    return perMille > 0 && below(PER_MILLE) < perMille;
  }

  /**
   * Returns a number from 1 to {@code most}. Every magnitude is equally likely, so small numbers
   * are common.
   */
  public int portion(int most) {
    int magnitude = below(Integer.SIZE - Integer.numberOfLeadingZeros(most));
    return Math.min(most, (1 << magnitude) + below(1 << magnitude));
  }

  /** Returns nanoseconds up to {@code most}: half of the time 0, otherwise of any magnitude. */
  public long delay(long most) {
    if (most <= 0 || (nextLong() & 1) == 0) {
      return 0;
    }
    int bits = below(Long.SIZE - Long.numberOfLeadingZeros(most)) + 1;
    return Math.min(most, nextLong() >>> (Long.SIZE - bits));
  }

  /** Returns an independent generator, so that one part's draws do not change another's. */
  public SeededRandom fork() {
    return new SeededRandom(nextLong());
  }
}
