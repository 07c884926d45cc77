// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Op;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One use of an operation, as the kernel has it: the fields are copied, as from an SQE. */
final class Request {
  /** Not a result: it has to wait. */
  static final int BLOCKED = Integer.MIN_VALUE;

  /** Where a request stands in the kernel. */
  enum Stage {
    /** Behind another one in a chain. */
    LINKED,
    /** Taken, and soon to be tried. */
    STARTING,
    /** Waiting for a descriptor to become ready. */
    WAITING,
    /** It has had its effect; the completion is on its way. */
    DONE
  }

  final Op op;
  final int opcode;
  final int handle;
  final long offset;
  final long address;
  final int length;
  final int opFlags;
  final int spliceHandle;
  final boolean multishot;

  /** Which of the two directions of its descriptor it uses. */
  final boolean outward;

  @Nullable Request next;
  Stage stage = Stage.LINKED;
  @Nullable OpenFileDescription file;
  @Nullable OpenFileDescription source;

  /** The completion is not delivered before that of the request in front of it in a chain. */
  long notBefore;

  /** Bytes that a send has moved so far; 1 for a connect that has begun. */
  int moved;

  /** A cancel has come too early to be obeyed: it ends the request only if that has to wait. */
  boolean cancelled;

  /** Where the code was that asked for it, if it makes a descriptor. */
  @Nullable Throwable origin;

  @Nullable BufferGuard memory;

  /** What its descriptor stood for when the operation was submitted, if that names a handle. */
  final @Nullable OpenFileDescription named;

  /** The program's memory that it uses, or null. */
  private final @Nullable MemorySegment segment;

  Request(Op op, @Nullable OpenFileDescription named) {
    this.op = op;
    this.named = named;
    segment = op.memory();
    opcode = op.opcode();
    handle = op.handle();
    offset = op.offset();
    address = op.address();
    length = op.length();
    opFlags = op.opFlags();
    spliceHandle = op.spliceHandle();
    multishot =
        is(weft_h.IORING_OP_ACCEPT()) && op.ioPriority() == weft_h.IORING_ACCEPT_MULTISHOT();
    outward =
        is(weft_h.IORING_OP_WRITE())
            || is(weft_h.IORING_OP_SEND())
            || is(weft_h.IORING_OP_SPLICE())
            || is(weft_h.IORING_OP_SHUTDOWN());
    if (is(weft_h.IORING_OP_OPENAT()) || is(weft_h.IORING_OP_ACCEPT())) {
      origin = new CallSite(op);
    }
  }

  /** Whether its memory may be gone, so that nothing may be done to it. */
  boolean hasLostMemory() {
    return segment != null && (!segment.scope().isAlive() || op.memory() != segment);
  }

  boolean is(int someOpcode) {
    return opcode == someOpcode;
  }

  /** Whether a result breaks the chain that it is in: a failure, or a transfer that was short. */
  boolean breaksChain(int result) {
    if (result < 0) {
      return true;
    }
    boolean whole =
        is(weft_h.IORING_OP_READ())
            || is(weft_h.IORING_OP_WRITE())
            || is(weft_h.IORING_OP_SPLICE())
            || (is(weft_h.IORING_OP_SEND()) && (opFlags & weft_h.MSG_WAITALL()) != 0);
    return whole && result < length;
  }

  /** Whether a worker thread carries it out, which a cancel interrupts. */
  boolean isOnWorker() {
    return is(weft_h.IORING_OP_SPLICE())
        || is(weft_h.IORING_OP_FSYNC())
        || is(weft_h.IORING_OP_OPENAT())
        || is(weft_h.IORING_OP_STATX());
  }
}
