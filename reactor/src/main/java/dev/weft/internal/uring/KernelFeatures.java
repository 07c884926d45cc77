// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.uring;

import dev.weft.bindings.io_uring_probe;
import dev.weft.bindings.io_uring_probe_op;
import dev.weft.bindings.weft_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;

/**
 * The features of this kernel's io_uring, probed once per ring.
 *
 * @param bits the {@code IORING_FEAT_*} bits of io_uring_setup(2)
 * @param setupFlags the {@code IORING_SETUP_*} flags that the ring runs with
 * @param opcodes the opcodes that the kernel reports as supported
 */
public record KernelFeatures(int bits, int setupFlags, BitSet opcodes) {
  private static final int PROBE_OPS_MAX = 256;

  /** IORING_OP_FIXED_FD_INSTALL of Linux 6.8, for which liburing 2.3 has no name. */
  public static final int FIXED_FD_INSTALL = 54;

  public boolean supports(int opcode) {
    return opcodes.get(opcode);
  }

  /** Whether a direct descriptor can be turned into one of the process (Linux 6.8). */
  public boolean installsDirect() {
    return supports(FIXED_FD_INSTALL);
  }

  /** Whether a wait can be excluded from the "iowait" CPU time (Linux 6.15). */
  public boolean noIowait() {
    return (bits & weft_h.WEFT_FEAT_NO_IOWAIT()) != 0;
  }

  /** Probes the kernel; {@code ring} is an open {@code struct io_uring}. */
  static KernelFeatures probe(MemorySegment ring, int bits, int setupFlags) {
    BitSet opcodes = new BitSet(PROBE_OPS_MAX);
    try (Arena arena = Arena.ofConfined()) {
      long bytes = io_uring_probe.sizeof() + PROBE_OPS_MAX * io_uring_probe_op.sizeof();
      MemorySegment probe = arena.allocate(bytes, Long.BYTES);
      if (weft_h.io_uring_register_probe(ring, probe, PROBE_OPS_MAX) >= 0) {
        int count = Byte.toUnsignedInt(io_uring_probe.ops_len(probe));
        for (int i = 0; i < count; i++) {
          MemorySegment op =
              probe.asSlice(
                  io_uring_probe.sizeof() + i * io_uring_probe_op.sizeof(),
                  io_uring_probe_op.sizeof());
          if ((io_uring_probe_op.flags(op) & weft_h.IO_URING_OP_SUPPORTED()) != 0) {
            opcodes.set(Byte.toUnsignedInt(io_uring_probe_op.op(op)));
          }
        }
      }
    }
    return new KernelFeatures(bits, setupFlags, opcodes);
  }
}
