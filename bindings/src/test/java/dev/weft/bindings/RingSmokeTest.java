// SPDX-License-Identifier: Apache-2.0
package dev.weft.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import org.junit.jupiter.api.Test;

/** One operation through a real ring, using only the bindings. */
class RingSmokeTest {
  private static final VarHandle INT = ValueLayout.JAVA_INT.varHandle();
  private static final long USER_DATA = 0x1122_3344_5566_7788L;

  @Test
  void aNopCompletesWithItsUserData() {
    NativeLibrary.load();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ring = arena.allocate(io_uring.layout());
      MemorySegment params = arena.allocate(io_uring_params.layout());
      int opened = weft_h.io_uring_queue_init_params(8, ring, params);
      assumeTrue(opened >= 0, () -> "this kernel refuses io_uring: errno " + -opened);
      try {
        queueNop(ring);
        int submitted =
            weft_h.io_uring_enter(
                io_uring.ring_fd(ring), 1, 1, weft_h.IORING_ENTER_GETEVENTS(), MemorySegment.NULL);

        assertEquals(1, submitted);
        assertOnlyCompletion(ring);
      } finally {
        weft_h.io_uring_queue_exit(ring);
      }
    }
  }

  private static void queueNop(MemorySegment ring) {
    MemorySegment queue = io_uring.sq(ring);
    MemorySegment sqe = sized(io_uring_sq.sqes(queue), io_uring_sqe.sizeof()).fill((byte) 0);
    io_uring_sqe.opcode(sqe, (byte) weft_h.IORING_OP_NOP());
    io_uring_sqe.fd(sqe, -1);
    io_uring_sqe.user_data(sqe, USER_DATA);
    INT.set(sized(io_uring_sq.array(queue), Integer.BYTES), 0L, 0);
    INT.setRelease(sized(io_uring_sq.ktail(queue), Integer.BYTES), 0L, 1);
  }

  private static void assertOnlyCompletion(MemorySegment ring) {
    MemorySegment queue = io_uring.cq(ring);
    assertEquals(1, INT.getAcquire(sized(io_uring_cq.ktail(queue), Integer.BYTES), 0L));
    MemorySegment cqe = sized(io_uring_cq.cqes(queue), io_uring_cqe.sizeof());
    assertEquals(USER_DATA, io_uring_cqe.user_data(cqe));
    assertEquals(0, io_uring_cqe.res(cqe));
  }

  @SuppressWarnings("restricted") // liburing mapped it; unmapped by io_uring_queue_exit
  private static MemorySegment sized(MemorySegment pointer, long bytes) {
    return pointer.reinterpret(bytes);
  }
}
