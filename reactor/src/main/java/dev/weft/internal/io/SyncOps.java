// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.strand.EventLoop;
import java.lang.foreign.ValueLayout;

/** Operations that a backend completes at once, for callers that need not be in a fiber. */
public final class SyncOps {
  private SyncOps() {}

  /**
   * Performs an operation that needs no descriptor; the arguments are those of {@link Op#control}.
   *
   * @return at least 0, or -errno
   */
  public static int perform(
      EventLoop loop, int opcode, int first, int second, long address, int length) {
    return perform(loop, opcode, Handle.NONE, first, second, address, length);
  }

  /** Performs an operation on a handle; -EBADF if that is closed. */
  public static int perform(
      EventLoop loop, int opcode, Handle handle, int first, int second, long address, int length) {
    return perform(loop, opcode, handle.number(), first, second, address, length);
  }

  private static int perform(
      EventLoop loop, int opcode, int number, int first, int second, long address, int length) {
    Op op = loop.controlOp();
    loop.backend().submit(op.control(opcode, number, first, second, address, length));
    return op.result();
  }

  /** Sets an option whose value is an int. */
  public static int setIntOption(EventLoop loop, Handle handle, int level, int name, int value) {
    long scratch = loop.controlOp().scratch();
    Memory.ALL.set(ValueLayout.JAVA_INT, scratch, value);
    return perform(loop, Op.SET_OPTION, handle, level, name, scratch, Integer.BYTES);
  }

  /** The address of the scratch memory of control operations, valid until the next one. */
  public static long scratch(EventLoop loop) {
    return loop.controlOp().scratch();
  }
}
