// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;

/** The memory of the program as the kernel sees it. */
final class ProgramMemory {
  private ProgramMemory() {}

  /**
   * Returns bytes of a segment that any thread may access, as a kernel may, even if their arena is
   * confined to the thread of a fiber. If the JVM denies native access, only the arena's threads
   * may.
   */
  static MemorySegment of(MemorySegment segment, long from, long length) {
    return Memory.isAccessible()
        ? Memory.at(segment.address() + from, length)
        : segment.asSlice(from, length);
  }
}
