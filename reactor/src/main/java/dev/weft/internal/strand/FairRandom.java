// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import org.jspecify.annotations.Nullable;

/**
 * Pseudo-random numbers for fair choices; not for secrets. Xorshift (Marsaglia 2003) with a fixed
 * seed, so that tests are repeatable.
 */
final class FairRandom {
  private int state;

  /** Starts with {@code seed}; 0 would yield nothing but zeros. */
  private FairRandom(int seed) {
    state = seed;
  }

  /** Starts with a seed of {@code environment}, or a fixed one if that is null. */
  static FairRandom of(@Nullable LoopEnvironment environment) {
    return new FairRandom(
        environment == null ? 0x9E3779B9 : 1 + environment.choose(Integer.MAX_VALUE));
  }

  /** Returns a number from 0 to {@code bound} - 1. */
  int next(int bound) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Integer.remainderUnsigned(state, bound);
  }
}
