// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.error.Errno;
import dev.weft.error.ErrnoException;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that a reactor registers with the kernel (registered buffers, io_uring_register(2)), so
 * that the kernel needs not look up and pin its pages in each operation. Reads and writes of files,
 * pipes and devices from and to it use that by themselves (IORING_OP_READ_FIXED). It pays for
 * {@link dev.weft.fs.FileOption#DIRECT_IO}; others copy the bytes in any case.
 */
public final class RegisteredMemory {
  private static final long PAGE_BYTES = 4096;

  /** The kernel registers no more in one piece. */
  private static final long BYTES_MAX = 1L << 30;

  /** The one of a reactor. */
  private record Registered(MemorySegment memory) {}

  private RegisteredMemory() {}

  /**
   * Allocates memory and registers it, for as long as the calling fiber's reactor is open; the
   * memory itself lives as long as it is reachable, and any fiber may use it. It begins at a page,
   * and is zeroed. A reactor does this once: cut the memory into pieces.
   *
   * <p>Backends without a ring have nothing to register, and neither have fibers that pass batons
   * ({@link dev.weft.FiberKind#BATON}), since only the thread of the ring may do it: there it is
   * memory as any other.
   *
   * @param bytes its size, 1 GiB at most; the next multiple of 4096 is allocated
   * @return the memory
   * @throws ErrnoException ENOMEM if it is more than RLIMIT_MEMLOCK allows
   * @throws IllegalArgumentException if {@code bytes} is not between 1 and 1 GiB
   * @throws IllegalStateException if the reactor has done it before
   */
  public static MemorySegment allocate(long bytes) throws IOException {
    if (bytes <= 0 || bytes > BYTES_MAX) {
      throw new IllegalArgumentException("bytes must be from 1 to 1 GiB: " + bytes);
    }
    EventLoop loop = EventLoop.require("RegisteredMemory.allocate");
    if (loop.extensions.get(Registered.class) != null) {
      throw new IllegalStateException("the reactor has registered memory already");
    }
    long rounded = Math.ceilDiv(bytes, PAGE_BYTES) * PAGE_BYTES;
    MemorySegment memory = Arena.ofAuto().allocate(rounded, PAGE_BYTES);
    int result = loop.backend().registerMemory(memory);
    if (result < 0 && result != -Errno.EOPNOTSUPP.code()) {
      throw new ErrnoException("register memory", rounded + " bytes", -result);
    }
    loop.extensions.put(Registered.class, new Registered(memory)); // keeps it reachable
    return memory;
  }
}
