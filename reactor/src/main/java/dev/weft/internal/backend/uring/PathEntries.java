// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.io_uring_sqe;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
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
      default -> encodeXattr(sqe, op, path);
    }
  }

  /** The attribute's name, its value, and the file: see io_uring_prep_getxattr(3). */
  private static void encodeXattr(MemorySegment sqe, Op op, PathRequest path) {
    MemorySegment value = path.valueMemory(path.value().length);
    boolean sets = op.opcode() == Opcode.SET_XATTR;
    long names = path.names().address();
    io_uring_sqe.addr(sqe, names + path.name().length + 1);
    io_uring_sqe.off(sqe, value.address());
    io_uring_sqe.len(sqe, path.value().length);
    if (sets) {
      io_uring_sqe.rw_flags(sqe, xattrFlags(path));
    }
    if (path.isInDirectory()) {
      int opcode = sets ? weft_h.IORING_OP_FSETXATTR() : weft_h.IORING_OP_FGETXATTR();
      io_uring_sqe.opcode(sqe, (byte) opcode);
    } else {
      io_uring_sqe.addr3(sqe, names);
    }
  }

  /** XATTR_CREATE and XATTR_REPLACE, see setxattr(2). */
  static int xattrFlags(PathRequest path) {
    return path.has(PathRequest.CREATE) ? 1 : path.has(PathRequest.REPLACE) ? 2 : 0;
  }

  private static int renameFlags(PathRequest path) {
    return (path.has(PathRequest.NO_REPLACE) ? weft_h.RENAME_NOREPLACE() : 0)
        | (path.has(PathRequest.EXCHANGE) ? weft_h.RENAME_EXCHANGE() : 0);
  }
}
