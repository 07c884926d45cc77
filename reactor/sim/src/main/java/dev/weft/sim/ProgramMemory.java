// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;

/** The memory of the program as the kernel sees it. */
final class ProgramMemory {
  private static final boolean IS_OPEN = isOpen();

  private ProgramMemory() {}

  private static boolean isOpen() {
    try {
      return Memory.ALL.isNative();
    } catch (LinkageError e) { // the JVM denies native access
      return false;
    }
  }

  /**
   * Returns bytes of a segment that any thread may access, as a kernel may, even if their arena is
   * confined to the thread of a fiber. If the JVM denies native access, only the arena's threads
   * may.
   */
  static MemorySegment of(MemorySegment segment, long from, long length) {
    return IS_OPEN ? Memory.at(segment.address() + from, length) : segment.asSlice(from, length);
  }
}
