// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.io_uring_sqe;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PathRequest;
import java.lang.foreign.MemorySegment;

/** Adds to entries of operations on names of files what other entries don't have. */
final class PathEntries {
  private PathEntries() {}

  /**
   * Completes an entry.
   *
   * @param scratch where STAT_PATH writes its result
   */
  static void encode(MemorySegment sqe, Op op, long scratch) {
    PathRequest path = op.names();
    long names = path.names().address();
    long other = names + path.name().length + 1;
    int otherDirectory = path.isOtherInDirectory() ? op.spliceHandle() : weft_h.AT_FDCWD();
    io_uring_sqe.fd(sqe, path.isInDirectory() ? op.handle() : weft_h.AT_FDCWD());
    io_uring_sqe.addr(sqe, names);
    switch (op.opcode()) {
      case STAT_PATH -> {
        io_uring_sqe.len(sqe, weft_h.STATX_BASIC_STATS());
        io_uring_sqe.off(sqe, scratch);
        int follow = path.has(PathRequest.FOLLOW) ? 0 : weft_h.AT_SYMLINK_NOFOLLOW();
        io_uring_sqe.rw_flags(sqe, follow);
      }
      case MAKE_DIRECTORY -> io_uring_sqe.len(sqe, path.permissions());
      case REMOVE -> {
        boolean directory = path.has(PathRequest.DIRECTORY);
        io_uring_sqe.rw_flags(sqe, directory ? weft_h.AT_REMOVEDIR() : 0);
      }
      case RENAME -> {
        io_uring_sqe.len(sqe, otherDirectory);
        io_uring_sqe.off(sqe, other);
        io_uring_sqe.rw_flags(sqe, renameFlags(path));
      }
      case LINK -> {
        io_uring_sqe.len(sqe, otherDirectory);
        io_uring_sqe.off(sqe, other);
        boolean follows = path.has(PathRequest.FOLLOW);
        io_uring_sqe.rw_flags(sqe, follows ? weft_h.AT_SYMLINK_FOLLOW() : 0);
      }
      case SYMLINK -> {
        io_uring_sqe.fd(sqe, otherDirectory);
        io_uring_sqe.off(sqe, other);
      }
      default -> throw new AssertionError(op);
    }
  }

  private static int renameFlags(PathRequest path) {
    return (path.has(PathRequest.NO_REPLACE) ? weft_h.RENAME_NOREPLACE() : 0)
        | (path.has(PathRequest.EXCHANGE) ? weft_h.RENAME_EXCHANGE() : 0);
  }
}
