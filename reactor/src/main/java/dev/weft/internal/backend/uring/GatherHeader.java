// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.bindings.iovec;
import dev.weft.bindings.msghdr;
import dev.weft.internal.backend.Gather;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The {@code msghdr} of a {@link Gather} and its {@code iovec}s, in memory that the gather keeps.
 */
final class GatherHeader {
  private static final long VECTORS = msghdr.sizeof();
  private static final long BYTES = VECTORS + Gather.SEGMENTS_MAX * iovec.sizeof();

  private GatherHeader() {}

  /** The header's address; {@link #write} comes first. */
  static long address(Gather gather) {
    return memory(gather).address();
  }

  /** The address of the {@code iovec}s; {@link #write} comes first. */
  static long vectors(Gather gather) {
    return address(gather) + VECTORS;
  }

  private static MemorySegment memory(Gather gather) {
    if (gather.encoded() instanceof MemorySegment present) {
      return present;
    }
    MemorySegment made = Arena.ofAuto().allocate(BYTES, Long.BYTES);
    gather.keep(made);
    return made;
  }

  static void write(Gather gather) {
    MemorySegment header = memory(gather);
    header.set(JAVA_LONG, msghdr.msg_iov$offset(), header.address() + VECTORS);
    header.set(JAVA_LONG, msghdr.msg_iovlen$offset(), gather.count());
    for (int i = 0; i < gather.count(); i++) {
      long at = VECTORS + i * iovec.sizeof();
      long base = gather.segment(i).address() + gather.from(i);
      header.set(JAVA_LONG, at + iovec.iov_base$offset(), base);
      header.set(JAVA_LONG, at + iovec.iov_len$offset(), gather.length(i));
    }
  }
}
