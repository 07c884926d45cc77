// SPDX-License-Identifier: Apache-2.0
package dev.weft;

import dev.weft.internal.jvm.StackReserve;

/**
 * Calls deeper and deeper until {@link StackReserve#check} throws. Wherever it has not thrown, as
 * many frames as it promises must fit.
 */
final class StackReserveProbe {
  private static final int COMPILED = 20_000;
  private static final int ROUNDS = 3;

  private int checked;
  private long used;

  private StackReserveProbe() {}

  /** Prints how often the reserve was there, which depends on the size of the stack. */
  public static void main(String[] arguments) {
    StackReserveProbe probe = new StackReserveProbe();
    for (int i = 0; i < COMPILED; i++) {
      StackReserve.check();
    }
    for (int round = 0; round < ROUNDS; round++) {
      probe.descend();
    }
    System.out.println(probe.checked > 0 && probe.used > 0 ? "suffices" : "was never there");
  }

  @SuppressWarnings("InfiniteRecursion") // until the check throws
  private void descend() {
    try {
      StackReserve.check();
    } catch (StackOverflowError e) {
      return;
    }
    checked++;
    used += frames(StackReserve.FRAMES, checked, used, this);
    descend();
  }

  /** Frames as large as those of the library's methods: four parameters, and what they compute. */
  private static long frames(int count, long first, long second, Object third) {
    long sum = first + second;
    return count == 1 || third == null ? 1 : frames(count - 1, second, sum, third) + 1;
  }
}
