// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Strand;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Writes to connections without a copy. */
public final class ZeroCopyWrites {
  private static final int NO_BUFFERS = -Errno.ENOBUFS.code();
  private static final int NO_MEMORY = -Errno.ENOMEM.code();

  private ZeroCopyWrites() {}

  /**
   * Writes all the bytes, and waits until the system needs them no more. With a copy where it can't
   * do without, or may not lock the memory. Suspends.
   */
  public static void write(Endpoint endpoint, MemorySegment source, long deadline)
      throws IOException {
    Transferable.checkedLength(source);
    long end = source.byteSize();
    if (end == 0 || !endpoint.loop.backend().has(Capability.ZERO_COPY)) {
      endpoint.write(source, deadline);
      return;
    }
    int seen = endpoint.cancels();
    for (long from = 0; from < end; ) {
      endpoint.requireGoing("write", seen);
      int length = (int) Math.min(end - from, Transferable.MAX);
      int sent = send(endpoint, source, from, length, deadline);
      if (sent < 0) {
        endpoint.write(source.asSlice(from), deadline);
        return;
      }
      from += sent;
    }
  }

  /** Returns the bytes sent, or -errno if the system can't do it without a copy. */
  private static int send(
      Endpoint endpoint, MemorySegment source, long from, int length, long deadline)
      throws IOException {
    Strand strand = endpoint.enter("write");
    endpoint.requireNoWriter();
    endpoint.writing = true;
    try {
      while (true) {
        endpoint.requireOpen();
        Op op = strand.waiting.op().sendZeroCopy(endpoint.handle(), source, from, length);
        int result = endpoint.perform(strand, "write", op, deadline);
        if (result == NO_BUFFERS || result == NO_MEMORY) {
          return result;
        }
        if (!Endpoint.mustRetry(strand, result, endpoint, PollEvents.WRITABLE, deadline)) {
          return endpoint.check("write", result == 0 ? -Errno.EIO.code() : result);
        }
      }
    } finally {
      endpoint.writing = false;
    }
  }
}
