// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.weft.bindings.io_uring_sqe;
import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.os.RingOptions;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("needs-io-uring")
@Tag("mode-independent")
class SqeEncoderTest {
  private final Arena arena = Arena.ofShared();
  private final MemorySegment registered = arena.allocate(8192, 4096);
  private final MemorySegment other = arena.allocate(64);
  private final Handle handle = Handle.borrowed(7, "seven");

  @AfterEach
  void close() {
    arena.close();
  }

  private int opcode(Op op) {
    try (SqeEncoder encoder = new SqeEncoder()) {
      encoder.useRegistered(registered);
      MemorySegment sqe = arena.allocate(io_uring_sqe.layout()).fill((byte) -1);
      encoder.encode(sqe, op);
      assertEquals(0, io_uring_sqe.buf_index(sqe));
      assertEquals(
          Objects.requireNonNull(op.memory()).address() + op.from(), io_uring_sqe.addr(sqe));
      return io_uring_sqe.opcode(sqe);
    }
  }

  @Test
  void transfersOfRegisteredMemoryAndNoOthersUseTheBuffer() throws Exception {
    try (UringBackend backend = UringBackend.open(RingOptions.of(8))) {
      Op op = backend.create(done -> {});
      assertEquals(weft_h.IORING_OP_READ_FIXED(), opcode(op.read(handle, registered, 1, 10, 0)));
      assertEquals(
          weft_h.IORING_OP_WRITE_FIXED(), opcode(op.write(handle, registered, 0, 8192, 0)));
      assertEquals(weft_h.IORING_OP_READ(), opcode(op.read(handle, other, 0, 10, 0)));
      assertEquals(weft_h.IORING_OP_WRITE(), opcode(op.write(handle, other, 0, 10, 0)));
      assertEquals(weft_h.IORING_OP_RECV(), opcode(op.receive(handle, registered, 0, 10)));
      assertEquals(weft_h.IORING_OP_READ(), opcode(op.read(handle, registered, 8191, 2, 0)));
    }
  }
}
