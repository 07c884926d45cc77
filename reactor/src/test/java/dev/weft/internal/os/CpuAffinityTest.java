// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.os;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.BitSet;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The choice of CPUs. No thread is pinned. */
@Tag("mode-independent")
class CpuAffinityTest {
  private static BitSet cpus(int... numbers) {
    BitSet cpus = new BitSet();
    for (int number : numbers) {
      cpus.set(number);
    }
    return cpus;
  }

  @Test
  void theSearchStartsAtTheCallersCpu() {
    BitSet allowed = cpus(0, 2, 5);
    int[] none = new int[6];

    assertEquals(2, CpuAffinity.leastUsed(allowed, 2, none));
    assertEquals(5, CpuAffinity.leastUsed(allowed, 3, none));
    assertEquals(0, CpuAffinity.leastUsed(allowed, 6, none));
  }

  @Test
  void everyCpuGetsOneReactorBeforeAnyGetsTwo() {
    BitSet allowed = cpus(0, 2, 5);
    int[] reactors = new int[6];

    for (int i = 0; i < 6; i++) {
      reactors[CpuAffinity.leastUsed(allowed, 2, reactors)]++;
    }

    assertEquals(cpus(0, 2, 5), allowed);
    for (int cpu = allowed.nextSetBit(0); cpu >= 0; cpu = allowed.nextSetBit(cpu + 1)) {
      assertEquals(2, reactors[cpu]);
    }
  }

  @Test
  void theKernelsListFormatIsParsed() {
    assertEquals(cpus(3), CpuAffinity.list("3"));
    assertEquals(cpus(0, 1, 2, 3, 9, 11, 12), CpuAffinity.list("0-3,9,11-12"));
  }
}
