// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.weft.sim.env.SeededRandom;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Watches the memory of one operation, which belongs to the kernel until the completion. Memory
 * that the kernel fills holds garbage until then; memory that it reads must not change.
 */
public final class BufferGuard {
  /** Bytes beyond this are not watched, so that large buffers cost no more than small ones. */
  private static final int BYTES_MAX = 1 << 14;

  private final MemorySegment memory;
  private final boolean written;
  private byte garbage;
  private long sum;

  /** How many bytes have their final content. */
  private int finalBytes;

  private BufferGuard(MemorySegment bytes, boolean written) {
    memory = bytes.asSlice(0, Math.min(bytes.byteSize(), BYTES_MAX));
    this.written = written;
  }

  /** Watches memory that the kernel fills. */
  static BufferGuard ofTarget(MemorySegment bytes, SeededRandom chance) {
    BufferGuard watch = new BufferGuard(bytes, true);
    watch.fillWithGarbage(chance);
    return watch;
  }

  /** Watches memory that the kernel reads. */
  static BufferGuard ofSource(MemorySegment bytes) {
    BufferGuard watch = new BufferGuard(bytes, false);
    watch.finalBytes = (int) watch.memory.byteSize();
    watch.sum = watch.sum();
    return watch;
  }

  /** Overwrites what the kernel may write to, so that no program relies on its content. */
  void fillWithGarbage(SeededRandom chance) {
    if (written && finalBytes == 0) {
      garbage = (byte) chance.nextLong();
      memory.fill(garbage);
    }
  }

  /** Marks the first {@code count} bytes as the result that the program gets. */
  void complete(int count) {
    if (written) {
      finalBytes = (int) Math.min(count, memory.byteSize());
      sum = sum();
    }
  }

  /** Returns what is wrong when the completion is delivered, or null. */
  public @Nullable String verify() {
    if (sum != sum()) {
      return "its memory was changed while it was in flight";
    }
    if (written) {
      for (long at = finalBytes; at < memory.byteSize(); at++) {
        if (memory.get(JAVA_BYTE, at) != garbage) {
          return "its memory was changed at byte " + at + " while it was in flight";
        }
      }
    }
    return null;
  }

  private long sum() {
    long total = finalBytes;
    int at = 0;
    for (; at + Long.BYTES <= finalBytes; at += Long.BYTES) {
      total = total * 31 + memory.get(JAVA_LONG_UNALIGNED, at);
    }
    for (; at < finalBytes; at++) {
      total = total * 31 + memory.get(JAVA_BYTE, at);
    }
    return total;
  }
}
