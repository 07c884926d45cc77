// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.internal.backend.BufferGroup;
import dev.weft.sim.env.SeededRandom;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/** A buffer group: the kernel takes the oldest buffer first, as a ring does. */
public final class OfferedBuffers extends BufferGroup {
  /**
   * A buffer on offer, or one that has been filled.
   *
   * @param number its number
   * @param bytes its memory
   * @param guard watches it until the completion
   */
  public record Buffer(int number, MemorySegment bytes, BufferGuard guard) {}

  private final Kernel kernel;
  private final int bytes;
  private final SeededRandom chance;
  private final Queue<Buffer> offered = new ArrayDeque<>();

  OfferedBuffers(Kernel kernel, int number, int bytes, SeededRandom chance) {
    super(number);
    this.kernel = kernel;
    this.bytes = bytes;
    this.chance = chance;
  }

  @Override
  public void offer(int buffer, MemorySegment memory, long from) {
    MemorySegment slice = ProgramMemory.of(memory, from, bytes);
    offered.add(new Buffer(buffer, slice, BufferGuard.ofTarget(slice, chance)));
  }

  /** The buffer that is filled next; null if none is on offer. */
  @Nullable Buffer next() {
    return offered.peek();
  }

  /** Takes the next buffer, of which {@code count} bytes have been filled. */
  Buffer take(int count) {
    Buffer taken = offered.remove();
    taken.guard.complete(count);
    return taken;
  }

  @Override
  public void close() {
    offered.clear();
    kernel.closed(this);
  }
}
