// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * Copies bytes between callers' memory and the buffers of the backend. The JDK's channels need
 * buffers of their own type, and a thread can access only memory that is not confined to another.
 */
final class TransferMemory {
  /** Where every transfer of a channel passes through; its content is used at once. */
  final ByteBuffer buffer = ByteBuffer.allocateDirect(StagingPool.BYTES_MAX);

  private final MemorySegment bufferMemory = MemorySegment.ofBuffer(buffer);
  final StagingPool staging = new StagingPool();
  private final Thread thread = Thread.currentThread();

  /** Whether the reactor's thread may access the memory of an operation. */
  boolean isOurs(Op op) {
    return op.isAccessibleBy(thread);
  }

  /** Lets the reactor's thread carry out a request: called on the thread that has the memory. */
  void prepare(Request request) {
    if (!isOurs(request.op)) {
      request.isForeign = true;
      switch (request.op.opcode()) {
        case WRITE, SEND, SEND_GATHERED, SEND_MESSAGE -> stage(request);
        default -> {}
      }
    }
  }

  /** Fills {@link #buffer} with what {@code request} writes, from {@link Request#done} on. */
  void fill(Request request) {
    request.copyTo(buffer, bufferMemory);
  }

  /** Copies what {@code request} writes to a staging buffer, unless that has been done. */
  void stage(Request request) {
    if (request.staging == null && request.op.hasMemory()) {
      StagingBuffer target = staging.take(request.op.length());
      int count = Math.min(request.op.length(), target.size());
      request.op.copyTo(0, target.memory, 0, count);
      request.staging = target;
    }
  }

  /** Delivers bytes in {@link #buffer}. */
  void deliverRead(Request request, int count) {
    deliver(request, bufferMemory, 0, count);
  }

  /** Copies bytes to the memory of a request, or to where its thread fetches them. */
  void deliver(Request request, MemorySegment source, int from, int count) {
    Op op = request.op;
    MemorySegment memory = op.memory();
    if (memory == null) {
      return;
    }
    if (request.isForeign) {
      StagingBuffer target = staging.take(count);
      MemorySegment.copy(source, from, target.memory, 0, count);
      target.stageFor(op, count);
    } else {
      MemorySegment.copy(source, from, memory, op.from(), count);
    }
  }

  /** Delivers the bytes in a request's own staging buffer; returns their number, or -errno. */
  int deliverStaged(Request request, int count) {
    StagingBuffer source = request.staging;
    if (source == null || count == 0) {
      return count;
    }
    if (request.isForeign) {
      request.staging = null;
      source.stageFor(request.op, count);
      return count;
    }
    try {
      deliver(request, source.memory, 0, count);
      return count;
    } catch (IllegalStateException e) { // the arena has been closed
      return -Errno.EFAULT.code();
    }
  }
}
