// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** The whole address space as one segment, which rings and slabs slice. */
public final class Memory {
  /**
   * The whole address space. A slice of fixed length of this constant costs one bounds check, after
   * which the JIT folds all accesses at constant offsets: as fast as C, and without allocation once
   * compiled.
   */
  public static final MemorySegment ALL = everything();

  private Memory() {}

  @SuppressWarnings(
      "restricted") // callers slice only what they have mapped or allocated themselves
  private static MemorySegment everything() {
    try {
      return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    } catch (IllegalCallerException e) {
      return MemorySegment.NULL; // the JVM denies native access
    }
  }

  /** Whether the JVM allows access to addresses; without it {@link #ALL} is empty. */
  public static boolean isAccessible() {
    return ALL.byteSize() > 0;
  }

  /** The {@code bytes} bytes at {@code address}. */
  public static MemorySegment at(long address, long bytes) {
    return ALL.asSlice(address, bytes);
  }

  /** The {@code bytes} bytes at {@code address}, until {@code scope} is closed. */
  @SuppressWarnings("restricted") // callers scope only what outlives the scope, and is theirs
  public static MemorySegment scoped(long address, long bytes, Arena scope) {
    return MemorySegment.ofAddress(address).reinterpret(bytes, scope, null);
  }
}
