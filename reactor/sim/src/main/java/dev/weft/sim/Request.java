// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Op;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One submitted operation as the kernel sees it: its fields are copied, as from an SQE. */
final class Request {
  /** Not a result: the request has to wait. */
  static final int BLOCKED = Integer.MIN_VALUE;

  /** The state of a request in the kernel. */
  enum Stage {
    /** Waits for its predecessor in a chain. */
    LINKED,
    /** Accepted; it is tried soon. */
    STARTING,
    /** Waits for a descriptor to become ready. */
    WAITING,
    /** Carried out; its completion is on the way. */
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

  /** Which of the two directions of its descriptor the request uses. */
  final boolean outward;

  @Nullable Request next;
  Stage stage = Stage.LINKED;
  @Nullable OpenFileDescription file;
  @Nullable OpenFileDescription source;

  /** The completion is not delivered before that of the predecessor in a chain. */
  long notBefore;

  /** Bytes that a send has moved so far; 1 for a connect that has begun. */
  int moved;

  /**
   * Whether a cancellation came too early to take effect: it ends the request only if that has to
   * wait.
   */
  boolean cancelled;

  /** Where the program submitted the request, if it makes a descriptor. */
  @Nullable Throwable origin;

  @Nullable BufferGuard memory;

  /** The file description at the time of submission, if the operation names a handle. */
  final @Nullable OpenFileDescription named;

  /** The program's memory that the request uses, or null. */
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

  /** Whether the memory may have been freed, so that it must not be accessed. */
  boolean hasLostMemory() {
    return segment != null && (!segment.scope().isAlive() || op.memory() != segment);
  }

  boolean is(int someOpcode) {
    return opcode == someOpcode;
  }

  /** Whether a result breaks the chain of the request: a failure or a short transfer. */
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

  /** Whether a worker thread carries the request out; a cancellation interrupts that thread. */
  boolean isOnWorker() {
    return is(weft_h.IORING_OP_SPLICE())
        || is(weft_h.IORING_OP_FSYNC())
        || is(weft_h.IORING_OP_OPENAT())
        || is(weft_h.IORING_OP_STATX());
  }
}
