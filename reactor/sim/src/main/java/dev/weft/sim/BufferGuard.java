// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Watches the memory of one operation, which is the kernel's until the completion: what the kernel
 * may write to is full of garbage until then, and what it reads must not change.
 */
final class BufferGuard {
  /** More than this is not looked at, so that large buffers cost no more than small ones. */
  private static final int BYTES_MAX = 1 << 14;

  private final MemorySegment memory;
  private final boolean written;
  private byte garbage;
  private long sum;

  /** How much of the memory has its final content. */
  private int settled;

  private BufferGuard(long address, int length, boolean written) {
    memory = Memory.at(address, Math.min(length, BYTES_MAX));
    this.written = written;
  }

  /** Of memory that the kernel fills. */
  static BufferGuard ofTarget(long address, int length, SeededRandom chance) {
    BufferGuard watch = new BufferGuard(address, length, true);
    watch.scribble(chance);
    return watch;
  }

  /** Of memory that the kernel reads. */
  static BufferGuard ofSource(long address, int length) {
    BufferGuard watch = new BufferGuard(address, length, false);
    watch.settled = (int) watch.memory.byteSize();
    watch.sum = watch.sum();
    return watch;
  }

  /** Writes to what the kernel may write to: nobody may rely on what is there. */
  void scribble(SeededRandom chance) {
    if (written && settled == 0) {
      garbage = (byte) chance.nextLong();
      memory.fill(garbage);
    }
  }

  /** The first {@code count} bytes are what the program gets. */
  void settle(int count) {
    if (written) {
      settled = (int) Math.min(count, memory.byteSize());
      sum = sum();
    }
  }

  /** Returns what is wrong when the completion is delivered, or null. */
  @Nullable String verify() {
    if (sum != sum()) {
      return "its memory was changed while it was in flight";
    }
    if (written) {
      for (long at = settled; at < memory.byteSize(); at++) {
        if (memory.get(JAVA_BYTE, at) != garbage) {
          return "its memory was changed at byte " + at + " while it was in flight";
        }
      }
    }
    return null;
  }

  private long sum() {
    long total = settled;
    int at = 0;
    for (; at + Long.BYTES <= settled; at += Long.BYTES) {
      total = total * 31 + memory.get(JAVA_LONG_UNALIGNED, at);
    }
    for (; at < settled; at++) {
      total = total * 31 + memory.get(JAVA_BYTE, at);
    }
    return total;
  }
}
