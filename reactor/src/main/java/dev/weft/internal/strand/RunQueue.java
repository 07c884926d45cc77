// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.strand;

import dev.weft.internal.queue.IntDeque;
import java.util.function.IntConsumer;

/** FIFO queue of the strands that can run, by their slots in a {@link StrandTable}. */
public final class RunQueue extends IntDeque {
  private final StrandTable table;

  RunQueue(StrandTable table) {
    this.table = table;
  }

  /**
   * As {@link #poll}, but {@code environment} chooses the strand. One that has yielded comes after
   * all strands that were queued before it, as yielding promises.
   */
  int pollAny(LoopEnvironment environment) {
    if (isEmpty()) {
      return NONE;
    }
    int eligible = 1;
    for (int i = 1; i < size(); i++) {
      eligible += hasYielded(i) ? 0 : 1;
    }
    int index = 0;
    for (int chosen = environment.choose(eligible); chosen > 0; ) {
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
