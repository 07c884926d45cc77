// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.micro.run;

import dev.weft.internal.micro.io.RingOwner;
import java.util.ArrayList;
import java.util.function.Predicate;

/** Finds processes that wait only for each other, through pairs of pipes. */
final class PairWaits {
  private final ArrayList<ProcessControl> reached = new ArrayList<>();
  private final Predicate<RingOwner> canWake = this::reach;
  private long searches;

  /**
   * Whether a thread of {@code process}, all of which wait, may be woken: one of the processes for
   * which they wait, directly or through others, can go on.
   */
  boolean canBeWoken(ProcessControl process) {
    searches++;
    process.search = searches;
    reached.add(process);
    try {
      for (int i = 0; i < reached.size(); i++) {
        if (reached.get(i).rings.pairs().canBeWoken(canWake)) {
          return true;
        }
      }
      return false;
    } finally {
      reached.clear();
    }
  }

  private boolean reach(RingOwner owner) {
    ProcessControl process = ((RingWaits) owner).process;
    if (process.search == searches) {
      return false;
    }
    process.search = searches;
    reached.add(process);
    return process.canGoOn();
  }
}
