// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.StagedBytes;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A pooled buffer on the heap, for bytes on their way to or from memory that only its owner's
 * thread may access, or to or from a thread for files.
 */
final class StagingBuffer implements StagedBytes {
  private final StagingPool pool;
  final int sizeClass;
  final ByteBuffer buffer;
  final MemorySegment memory;

  // ---- what is staged for an operation that has completed
  private @Nullable MemorySegment target;
  private long from;
  private int count;

  /** The next buffer in the pool. */
  @Nullable StagingBuffer next;

  StagingBuffer(StagingPool pool, int sizeClass, int bytes) {
    this.pool = pool;
    this.sizeClass = sizeClass;
    byte[] array = new byte[bytes];
    buffer = ByteBuffer.wrap(array);
    memory = MemorySegment.ofArray(array);
  }

  int size() {
    return buffer.capacity();
  }

  /** Keeps the first {@code count} bytes for the memory of {@code op}. */
  void stageFor(Op op, int count) {
    target = op.memory();
    from = op.from();
    this.count = count;
    op.stage(this);
  }

  @Override
  public void deliver() {
    MemorySegment wanted = Objects.requireNonNull(target);
    target = null;
    try {
      MemorySegment.copy(memory, 0, wanted, from, count);
    } finally {
      pool.give(this);
    }
  }
}
