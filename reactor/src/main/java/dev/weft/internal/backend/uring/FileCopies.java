// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.error.Errno;
import dev.weft.internal.backend.DirectDescriptor;
import dev.weft.internal.backend.Op;
import dev.weft.internal.os.LibcFunction;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Copies from file to file within the kernel. The calls block: for threads of their own. */
final class FileCopies {
  private static final LibcFunction COPY_FILE_RANGE = LibcFunction.find("copy_file_range", 6);
  private static final LibcFunction IOCTL = LibcFunction.find("ioctl", 3);

  /** {@code _IOW(0x94, 9, int)} of linux/fs.h, the same on x86-64 and AArch64. */
  private static final long FICLONE = 0x40049409;

  private FileCopies() {}

  /** copy_file_range(2): returns the number of bytes, or -errno. */
  static int copy(Op op) {
    if (isDirect(op)) {
      return -Errno.EBADF.code();
    }
    try (Arena arena = Arena.ofConfined()) {
      long from = offset(arena, op.from());
      long to = offset(arena, op.position());
      return COPY_FILE_RANGE.call(op.spliceHandle(), from, op.handle(), to, op.length(), 0);
    }
  }

  /** The address of an offset; that of none for the descriptor's own. */
  private static long offset(Arena arena, long position) {
    return position == Op.CURRENT_POSITION
        ? MemorySegment.NULL.address()
        : arena.allocateFrom(ValueLayout.JAVA_LONG, position).address();
  }

  /** FICLONE (ioctl_ficlone(2)): returns 0, or -errno. */
  static int cloneFile(Op op) {
    return isDirect(op) ? -Errno.EBADF.code() : IOCTL.call(op.handle(), FICLONE, op.spliceHandle());
  }

  /** Whether one of the descriptors is known to the ring alone. */
  private static boolean isDirect(Op op) {
    return DirectDescriptor.is(op.handle()) || DirectDescriptor.is(op.spliceHandle());
  }
}
