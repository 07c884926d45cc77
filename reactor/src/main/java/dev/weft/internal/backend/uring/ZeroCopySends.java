// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.error.Errno;
import dev.weft.internal.backend.CancelRequests;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import java.lang.foreign.MemorySegment;

/**
 * Sends without a copy. They have two completions: the first has the result, the second one says
 * that the memory is free.
 */
final class ZeroCopySends {
  private static final int CODE = Opcode.SEND_ZERO_COPY.code();

  private ZeroCopySends() {}

  static boolean is(Op op) {
    return op.code() == CODE;
  }

  /**
   * Whether a completion is followed by another one: then the operation holds the result.
   *
   * @param cancels gets the operation if it has to be cancelled again
   */
  static boolean holds(Op op, int result, boolean more, CancelRequests cancels) {
    if (more) {
      op.hold(result);
      if (op.state == Op.State.CANCELLING) {
        cancels.add(op);
      }
    }
    return more;
  }

  /**
   * Writes a request to cancel what holds its result: the other end may never acknowledge the
   * bytes, and without a connection nothing needs them.
   */
  static void cancel(Op op, MemorySegment sqe, long userData) {
    SqeEncoder.encodeReset(sqe, op.handle(), userData);
    op.hold(-Errno.ECANCELED.code());
  }
}
