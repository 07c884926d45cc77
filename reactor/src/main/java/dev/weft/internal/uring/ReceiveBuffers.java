// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import dev.weft.bindings.io_uring;
import dev.weft.bindings.io_uring_buf;
import dev.weft.bindings.io_uring_buf_reg;
import dev.weft.bindings.io_uring_buf_ring;
import dev.weft.bindings.weft_h;
import dev.weft.internal.mem.Memory;
import dev.weft.internal.mem.Pages;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * Provided buffers: the kernel takes one when data has arrived, so a waiting receive holds no
 * memory. This is one group of io_uring_register_buf_ring(3). The kernel takes the oldest first.
 */
public final class ReceiveBuffers implements AutoCloseable {
  private static final VarHandle SHORT = JAVA_SHORT.varHandle();
  private static final int ENTRY_BYTES = (int) io_uring_buf.sizeof();

  private final MemorySegment ring;
  private final int group;
  private final Pages entries;
  private final MemorySegment[] slots;
  private final long tailAddress;
  private final int mask;

  /** The number of buffers ever offered; its low 16 bits are the kernel's tail. */
  private int offered;

  private ReceiveBuffers(MemorySegment ring, int group, Pages entries, int count) {
    this.ring = ring;
    this.group = group;
    this.entries = entries;
    slots = QueueEntries.cut(entries.address(), count, ENTRY_BYTES);
    tailAddress = entries.address() + io_uring_buf_ring.tail$offset();
    mask = count - 1;
  }

  /**
   * Registers room for {@code count} buffers, a power of two; null if the kernel can't do it.
   *
   * @param number the number of the group, which must not be registered
   */
  static @Nullable ReceiveBuffers open(MemorySegment ring, int number, int count) {
    Pages entries = Pages.map((long) count * ENTRY_BYTES, false);
    ReceiveBuffers made = null;
    boolean registered = false;
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment request = scratch.allocate(io_uring_buf_reg.layout());
      io_uring_buf_reg.ring_addr(request, entries.address());
      io_uring_buf_reg.ring_entries(request, count);
      io_uring_buf_reg.bgid(request, (short) number);
      made = new ReceiveBuffers(ring, number, entries, count);
      registered = weft_h.io_uring_register_buf_ring(ring, request, 0) >= 0; // can fail last
    } finally {
      if (!registered) {
        entries.close();
      }
    }
    return registered ? made : null;
  }

  /**
   * Offers a buffer. The kernel owns the memory until a completion returns its number. At most
   * {@code count} buffers may be on offer.
   */
  public void offer(int number, long address, int bytes) {
    MemorySegment slot = slots[offered & mask];
    io_uring_buf.addr(slot, address);
    io_uring_buf.len(slot, bytes);
    io_uring_buf.bid(slot, (short) number);
    offered++;
    SHORT.setRelease(Memory.ALL, tailAddress, (short) offered);
  }

  /** Unregisters the buffers; no receive may be in flight. */
  @Override
  public void close() {
    int result = weft_h.io_uring_unregister_buf_ring(ring, group);
    assert result >= 0 : "unregister: errno " + -result + " of ring " + io_uring.ring_fd(ring);
    entries.close();
  }
}
