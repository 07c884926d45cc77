// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import dev.weft.bindings.weft_h;
import dev.weft.error.Errno;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.os.Libc;
import java.lang.foreign.MemorySegment;

/** Operations as plain system calls that do not wait. */
final class Attempts {
  private static final int WOULD_WAIT = -Errno.EAGAIN.code();
  private static final int UNSUPPORTED = -Errno.EOPNOTSUPP.code();
  private static final int EBADF = -Errno.EBADF.code();

  private Attempts() {}

  /**
   * Performs an operation on {@code handle}, which is its descriptor, or refers to the same file.
   *
   * @return at least 0, or -errno
   */
  static int perform(Op op, int handle, SqeEncoder encoder) {
    int length = op.length();
    MemorySegment memory = op.memory();
    long address = memory == null ? 0 : memory.address() + op.from();
    return switch (op.opcode()) {
      case RECEIVE -> Libc.receive(handle, address, length, false);
      case PEEK -> Libc.receive(handle, address, length, true);
      case SEND -> Libc.send(handle, address, length);
      case SEND_GATHERED -> sendGathered(op, handle);
      case READ -> Libc.tryRead(handle, address, length, op.position());
      case WRITE -> Libc.tryWrite(handle, address, length, op.position());
      case READ_SCATTERED, WRITE_GATHERED -> transferFirst(op, handle);
      case POLL -> poll(handle, op.detail());
      case RECEIVE_MESSAGE -> receiveMessage(op, handle, encoder);
      case SEND_MESSAGE -> sendMessage(op, handle, encoder);
      default -> UNSUPPORTED;
    };
  }

  private static int sendGathered(Op op, int handle) {
    GatherHeader.write(op.gather());
    int flags = op.detail() == 0 ? 0 : weft_h.MSG_MORE();
    return Libc.sendMessage(handle, GatherHeader.address(op.gather()), flags);
  }

  /** Transfers bytes of the first segment alone: an operation may move less than all. */
  private static int transferFirst(Op op, int handle) {
    Gather gather = op.gather();
    long address = gather.segment(0).address() + gather.from(0);
    int length = gather.length(0);
    return op.opcode() == Opcode.READ_SCATTERED
        ? Libc.tryRead(handle, address, length, op.position())
        : Libc.tryWrite(handle, address, length, op.position());
  }

  private static int poll(int handle, int events) {
    int found = Libc.poll(handle, KernelCodes.pollEvents(events));
    if (found <= 0) {
      return found == 0 ? WOULD_WAIT : found;
    }
    return (found & weft_h.POLLNVAL()) != 0 ? EBADF : KernelCodes.pollEventsOf(found);
  }

  private static int receiveMessage(Op op, int handle, SqeEncoder encoder) {
    encoder.prepare(op);
    int result = Libc.receiveMessage(handle, encoder.scratch(op), op.peeks());
    return result < 0 ? result : encoder.decode(op, result);
  }

  private static int sendMessage(Op op, int handle, SqeEncoder encoder) {
    encoder.prepare(op);
    MessageHeader.complete(op, encoder.scratch(op));
    return Libc.sendMessage(handle, encoder.scratch(op), 0);
  }
}
