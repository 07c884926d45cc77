// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

/**
 * Pseudo-random numbers for fair choices; not for secrets. Xorshift (Marsaglia 2003) with a fixed
 * seed, so that tests are repeatable.
 */
final class FairRandom {
  private int state = 0x9E3779B9;

  /** Starts anew; 0 would yield nothing but zeros. */
  void seed(int seed) {
    state = seed;
  }

  /** Returns a number from 0 to {@code bound} - 1. */
  int next(int bound) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return Integer.remainderUnsigned(state, bound);
  }
}
