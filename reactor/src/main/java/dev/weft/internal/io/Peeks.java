// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Strand;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Reads that leave the bytes to the next read. */
public final class Peeks {
  private Peeks() {}

  /** Reads bytes, at least one; -1 at the end of the stream. Suspends. */
  public static int peek(Endpoint endpoint, MemorySegment target, long deadline)
      throws IOException {
    int length = Transferable.writableLength(target);
    Strand strand = endpoint.enter("peek");
    if (length == 0) {
      return endpoint.transferNothing(strand, "peek", deadline);
    }
    endpoint.requireNoReader("peek");
    endpoint.reading = true;
    try {
      int ahead = endpoint.readAhead(strand, target, "peek", false, deadline);
      if (ahead != 0) {
        return ahead;
      }
      while (true) {
        endpoint.requireOpen();
        Op op = strand.waiting.op().peek(endpoint.handle(), target, 0, length);
        int result = endpoint.perform(strand, "peek", op, deadline);
        if (!Endpoint.mustRetry(strand, result, endpoint, PollEvents.READABLE, deadline)) {
          int count = endpoint.check("peek", result);
          return count == 0 ? -1 : count;
        }
      }
    } finally {
      endpoint.reading = false;
    }
  }
}
