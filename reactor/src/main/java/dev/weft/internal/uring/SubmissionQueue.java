// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.io_uring;
import dev.weft.bindings.io_uring_sq;
import dev.weft.bindings.io_uring_sqe;
import dev.weft.bindings.weft_h;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * The submission queue of a ring: the head and tail protocol of io_uring(7), without knowledge of
 * operations. Entries are written in place; {@link #publish} makes them visible to the kernel.
 */
public final class SubmissionQueue {
  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final int ENTRY_BYTES = (int) io_uring_sqe.sizeof();

  /**
   * The entries, sliced once. Slicing at each use is 2 ns faster, but only if the JIT inlines every
   * store into the slice. If it does not, as in one JVM of three, each use allocates.
   */
  private final MemorySegment[] slots;

  private final long headAddress;
  private final long tailAddress;
  private final long flagsAddress;
  private final int entries;
  private final int mask;

  /** The next entry to fill. Private: the kernel sees it only after {@link #publish}. */
  private int tail;

  /** The kernel's head as last read. It only grows, so a stale copy is only pessimistic. */
  private int headSeen;

  SubmissionQueue(MemorySegment ring) {
    MemorySegment sq = io_uring.sq(ring);
    headAddress = io_uring_sq.khead(sq).address();
    tailAddress = io_uring_sq.ktail(sq).address();
    flagsAddress = io_uring_sq.kflags(sq).address();
    entries = io_uring_sq.ring_entries(sq);
    mask = io_uring_sq.ring_mask(sq);
    slots = QueueEntries.cut(io_uring_sq.sqes(sq).address(), entries, ENTRY_BYTES);
    fillIndexArray(io_uring_sq.array(sq).address());
    tail = (int) INT.getAcquire(Memory.ALL, tailAddress);
    headSeen = tail;
  }

  /**
   * Entry i of the queue is always SQE i: the indirection is set up once and never touched again.
   */
  private void fillIndexArray(long arrayAddress) {
    for (int i = 0; i < entries; i++) {
      Memory.ALL.set(JAVA_INT, arrayAddress + (long) i * Integer.BYTES, i);
    }
  }

  public int entries() {
    return entries;
  }

  /** Whether {@code count} entries are free; reads the kernel's head only if necessary. */
  public boolean hasRoom(int count) {
    if (entries - (tail - headSeen) >= count) {
      return true;
    }
    headSeen = (int) INT.getAcquire(Memory.ALL, headAddress);
    return entries - (tail - headSeen) >= count;
  }

  /** The position of the next entry, for {@link #rewind}. */
  public int mark() {
    return tail;
  }

  /** Frees the entries taken since {@code mark}; none of them may have been published. */
  public void rewind(int mark) {
    tail = mark;
  }

  /**
   * Takes the next entry. The caller must check {@link #hasRoom} first, and write the whole entry:
   * it still has the fields of its last use, which another opcode would interpret.
   *
   * @return 64 bytes, a {@code struct io_uring_sqe}; must not be kept
   */
  public MemorySegment next() {
    assert hasRoom(1);
    return slots[tail++ & mask];
  }

  /**
   * Makes all entries taken so far visible to the kernel.
   *
   * @return the number of entries that it has not consumed yet
   */
  public int publish() {
    INT.setRelease(Memory.ALL, tailAddress, tail);
    return pending();
  }

  /** The number of entries taken and not yet consumed by the kernel. */
  public int pending() {
    if (tail == headSeen) {
      return 0;
    }
    headSeen = (int) INT.getAcquire(Memory.ALL, headAddress);
    return tail - headSeen;
  }

  /** Whether the kernel holds completions that did not fit into the completion queue. */
  public boolean completionsOverflowed() {
    return (flags() & weft_h.IORING_SQ_CQ_OVERFLOW()) != 0;
  }

  /** Whether the kernel has deferred task work, which needs an enter. */
  public boolean taskWorkPending() {
    return (flags() & weft_h.IORING_SQ_TASKRUN()) != 0;
  }

  /** Whether {@link #completionsOverflowed} or {@link #taskWorkPending} holds, in one read. */
  public boolean needsEnter() {
    return (flags() & (weft_h.IORING_SQ_CQ_OVERFLOW() | weft_h.IORING_SQ_TASKRUN())) != 0;
  }

  /** Whether the kernel's thread that submits has to be woken. */
  boolean pollerSleeps() {
    VarHandle.fullFence(); // between the store of the tail and this load (io_uring(7))
    return (flags() & weft_h.IORING_SQ_NEED_WAKEUP()) != 0;
  }

  private int flags() {
    return (int) INT.getOpaque(Memory.ALL, flagsAddress);
  }
}
