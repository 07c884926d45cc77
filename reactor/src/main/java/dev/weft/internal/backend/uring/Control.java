// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.weft.bindings.cmsghdr;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;

/** Control data of a message, one {@code cmsghdr} after the other (cmsg(3)), by their addresses. */
final class Control {
  private static final MemorySegment ALL = Memory.ALL;
  private static final int HEADER = (int) cmsghdr.sizeof();
  private static final int ALIGNMENT = Long.BYTES;

  private Control() {}

  /** The bytes that data of a length take. */
  static int space(int bytes) {
    return HEADER + (bytes + ALIGNMENT - 1 & -ALIGNMENT);
  }

  /** Writes the header of data; returns the bytes that both take. */
  static int begin(long at, int level, int type, int bytes) {
    ALL.set(JAVA_LONG, at + cmsghdr.cmsg_len$offset(), HEADER + bytes);
    ALL.set(JAVA_INT, at + cmsghdr.cmsg_level$offset(), level);
    ALL.set(JAVA_INT, at + cmsghdr.cmsg_type$offset(), type);
    return space(bytes);
  }

  /** Whether there is a header before the end of all. */
  static boolean isAt(long at, long end) {
    return at + HEADER <= end && length(at) >= HEADER;
  }

  private static long length(long at) {
    return ALL.get(JAVA_LONG, at + cmsghdr.cmsg_len$offset());
  }

  static boolean is(long at, int level, int type) {
    return ALL.get(JAVA_INT, at + cmsghdr.cmsg_level$offset()) == level
        && ALL.get(JAVA_INT, at + cmsghdr.cmsg_type$offset()) == type;
  }

  /** Where the data begins. */
  static long data(long at) {
    return at + HEADER;
  }

  /** Where the data ends. */
  static long end(long at) {
    return at + length(at);
  }

  static long next(long at) {
    return at + (length(at) + ALIGNMENT - 1 & -ALIGNMENT);
  }
}
