// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.IntDeque;
import java.util.function.IntConsumer;

/** Strands that can run, by their numbers in a {@link StrandTable}: first in, first out. */
public final class RunQueue extends IntDeque {
  private final StrandTable table;

  RunQueue(StrandTable table) {
    this.table = table;
  }

  /**
   * As {@link #poll}, but any of them by the simulator's choice. One that has yielded comes after
   * all that were before it, which is what yielding promises.
   */
  int pollAny(LoopEnvironment simulator) {
    if (isEmpty()) {
      return NONE;
    }
    int eligible = 1;
    for (int i = 1; i < size(); i++) {
      eligible += hasYielded(i) ? 0 : 1;
    }
    int index = 0;
    for (int chosen = simulator.choose(eligible); chosen > 0; ) {
      index++;
      chosen -= hasYielded(index) ? 0 : 1;
    }
    return removeAt(index);
  }

  private boolean hasYielded(int index) {
    return table.at(at(index)).hasYielded;
  }

  public void forEach(IntConsumer action) {
    for (int i = 0; i < size(); i++) {
      action.accept(at(i));
    }
  }
}
