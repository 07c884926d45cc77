// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;

/** Slices a queue's memory into a segment for each entry. */
final class QueueEntries {
  private QueueEntries() {}

  static MemorySegment[] cut(long address, int count, int bytes) {
    MemorySegment[] slots = new MemorySegment[count];
    for (int i = 0; i < count; i++) {
      slots[i] = Memory.at(address + (long) i * bytes, bytes);
    }
    return slots;
  }
}
