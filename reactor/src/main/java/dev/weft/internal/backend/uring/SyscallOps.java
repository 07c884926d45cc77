// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.internal.backend.Op;
import dev.weft.internal.os.Libc;

/**
 * Control operations as plain system calls: the ring has no opcodes for them before Linux 6.7 to
 * 6.11.
 */
final class SyscallOps {
  private SyscallOps() {}

  /** Returns at least 0, or -errno. The meaning of the fields is fixed by {@link Op#control}. */
  static int perform(Op op) {
    int first = (int) op.offset;
    int second = op.opFlags;
    return switch (op.opcode) {
      case Op.SOCKET -> Libc.socket(first, second);
      case Op.BIND -> Libc.bind(op.handle, op.address, op.length);
      case Op.LISTEN -> Libc.listen(op.handle, first);
      case Op.GETSOCKNAME -> Libc.localName(op.handle, op.address, op.length);
      case Op.GETPEERNAME -> Libc.peerName(op.handle, op.address, op.length);
      case Op.SET_OPTION -> Libc.setOption(op.handle, first, second, op.address, op.length);
      case Op.GET_OPTION -> Libc.getOption(op.handle, first, second, op.address, op.length);
      case Op.PIPE -> Libc.pipe(op.address);
      case Op.FCNTL -> Libc.fcntl(op.handle, first, second);
      case Op.FILE_TYPE -> Libc.fileType(op.handle);
      case Op.CLOSE_SYNC -> Libc.close(op.handle);
      case Op.SHUTDOWN_SYNC -> Libc.shutdown(op.handle, first);
      default -> throw new IllegalArgumentException("not a control operation: " + op);
    };
  }
}
