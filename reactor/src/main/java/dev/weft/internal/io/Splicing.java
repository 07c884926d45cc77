// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;

/** Moves bytes between two endpoints inside the kernel. */
public final class Splicing {
  private Splicing() {}

  /**
   * Moves up to {@code length} bytes; one of the two endpoints is a pipe. Suspends.
   *
   * @return the number of bytes, 0 at the end of the source, or -errno; -EOPNOTSUPP if bytes of the
   *     source have been received in advance
   */
  public static int move(Endpoint source, Endpoint sink, int length, long deadline)
      throws IOException {
    Strand strand = source.enter("splice");
    sink.enter("splice");
    if (source.reading || sink.writing) {
      throw new IllegalStateException(
          "splice "
              + source.name()
              + " to "
              + sink.name()
              + ": another fiber is using one of them");
    }
    if (source.ahead() != null) {
      return -Errno.EOPNOTSUPP.code();
    }
    source.reading = true;
    sink.writing = true;
    try {
      while (true) {
        source.requireOpen();
        sink.requireOpen();
        Op op = strand.waiting.op().splice(source.handle(), sink.handle(), length);
        int result =
            Operations.perform(strand, "splice", source.name(), op, deadline, WaitMode.EXTERNAL);
        if (result < 0) {
          source.requireOpen();
          sink.requireOpen();
        }
        // Either can be the one that is not ready, so wait for both.
        if (!Endpoint.mustRetry(strand, result, source, PollEvents.READABLE, deadline)
            || !Endpoint.mustRetry(strand, result, sink, PollEvents.WRITABLE, deadline)) {
          return result;
        }
      }
    } finally {
      source.reading = false;
      sink.writing = false;
    }
  }
}
