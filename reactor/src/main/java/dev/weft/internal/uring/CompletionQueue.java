// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.weft.bindings.io_uring;
import dev.weft.bindings.io_uring_cq;
import dev.weft.bindings.io_uring_cqe;
import dev.weft.internal.mem.Memory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** The completion queue of a ring: entries are read in place and freed by {@link #advance}. */
public final class CompletionQueue {
  private static final VarHandle INT = JAVA_INT.varHandle();
  private static final int ENTRY_BYTES = (int) io_uring_cqe.sizeof();

  /** The entries, sliced once: see {@link SubmissionQueue}. */
  private final MemorySegment[] slots;

  private final long headAddress;
  private final long tailAddress;
  private final int entries;
  private final int mask;
  private int head;

  CompletionQueue(MemorySegment ring) {
    MemorySegment cq = io_uring.cq(ring);
    headAddress = io_uring_cq.khead(cq).address();
    tailAddress = io_uring_cq.ktail(cq).address();
    entries = io_uring_cq.ring_entries(cq);
    mask = io_uring_cq.ring_mask(cq);
    slots = QueueEntries.cut(io_uring_cq.cqes(cq).address(), entries, ENTRY_BYTES);
    head = (int) INT.getAcquire(Memory.ALL, headAddress);
  }

  public int entries() {
    return entries;
  }

  /** The number of completions that can be read now. */
  public int ready() {
    return (int) INT.getAcquire(Memory.ALL, tailAddress) - head;
  }

  /** The completion at {@code index} from the head: 16 bytes, valid until {@link #advance}. */
  public MemorySegment peek(int index) {
    return slots[(head + index) & mask];
  }

  /** Frees the first {@code count} entries for the kernel. */
  public void advance(int count) {
    head += count;
    INT.setRelease(Memory.ALL, headAddress, head);
  }
}
