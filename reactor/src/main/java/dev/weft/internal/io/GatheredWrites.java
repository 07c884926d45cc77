// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Strand;
import java.io.IOException;

/** Writes of several segments as one, to sockets. */
public final class GatheredWrites {
  private GatheredWrites() {}

  /**
   * What {@link #write} is to write next, empty; to be filled without suspending.
   *
   * @throws IllegalStateException if another fiber is writing
   */
  public static Gather begin(Endpoint endpoint) {
    endpoint.requireNoWriter();
    Gather gather = endpoint.gather;
    if (gather == null) {
      gather = new Gather();
      endpoint.gather = gather;
    }
    gather.clear();
    return gather;
  }

  /**
   * Sends what is gathered, all of it unless it is interrupted. Suspends.
   *
   * @param more whether to wait for more before a segment that is not full is sent (MSG_MORE)
   * @return the bytes sent, at least one
   */
  public static int write(Endpoint endpoint, Gather bytes, boolean more, long deadline)
      throws IOException {
    Strand strand = endpoint.enter("write");
    endpoint.requireNoWriter();
    endpoint.writing = true;
    try {
      while (true) {
        endpoint.requireOpen();
        int result = send(endpoint, strand, bytes, more, deadline);
        if (!Endpoint.mustRetry(strand, result, endpoint, PollEvents.WRITABLE, deadline)) {
          return endpoint.check("write", result == 0 ? -Errno.EIO.code() : result);
        }
      }
    } finally {
      endpoint.writing = false;
      bytes.clear();
    }
  }

  private static int send(
      Endpoint endpoint, Strand strand, Gather bytes, boolean more, long deadline) {
    int length = bytes.length();
    if (length >= DirectTransfers.LARGE_BYTES
        && length <= DirectTransfers.SENT_MAX
        && endpoint.direct().sends(length, deadline)) {
      endpoint.direct().beginSend(strand, length, deadline);
      int sent = endpoint.attempt(strand.waiting.op().sendGathered(endpoint.handle(), bytes, more));
      if (sent != Endpoint.WOULD_WAIT) {
        return sent;
      }
    }
    Op op = strand.waiting.op().sendGathered(endpoint.handle(), bytes, more);
    return endpoint.perform(strand, "write", op, deadline);
  }
}
