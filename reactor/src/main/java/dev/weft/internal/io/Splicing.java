// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.Opcode;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Operations;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;

/** Moves bytes between two endpoints inside the kernel. */
public final class Splicing {
  /** A position: the descriptor's own. */
  public static final long HERE = Op.CURRENT_POSITION;

  private Splicing() {}

  /**
   * Moves up to {@code length} bytes; one of the two endpoints is a pipe. Suspends.
   *
   * @return the number of bytes, 0 at the end of the source, or -errno; -EOPNOTSUPP if bytes of the
   *     source have been received in advance
   */
  public static int move(Endpoint source, Endpoint sink, int length, long deadline)
      throws IOException {
    return perform(Opcode.SPLICE, source, HERE, sink, HERE, length, deadline);
  }

  /**
   * Performs SPLICE, TEE, COPY_RANGE or CLONE. Suspends.
   *
   * @param from the position in the source, or {@link #HERE}; so {@code to} in the sink
   * @return at least 0, or -errno; -EOPNOTSUPP if bytes of the source have been received in advance
   */
  public static int perform(
      Opcode opcode, Endpoint source, long from, Endpoint sink, long to, int length, long deadline)
      throws IOException {
    Strand strand = source.enter("splice");
    sink.enter("splice");
    boolean reads = from == HERE;
    boolean writes = to == HERE;
    if ((reads && source.reading) || (writes && sink.writing)) {
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
    source.reading |= reads;
    sink.writing |= writes;
    try {
      while (true) {
        source.requireOpen();
        sink.requireOpen();
        Op op =
            request(strand.waiting.op(), opcode, source.handle(), from, sink.handle(), to, length);
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
      if (reads) {
        source.reading = false;
      }
      if (writes) {
        sink.writing = false;
      }
    }
  }

  private static Op request(
      Op op, Opcode opcode, Handle source, long from, Handle sink, long to, int length) {
    return switch (opcode) {
      case TEE -> op.tee(source, sink, length);
      case COPY_RANGE -> op.copyRange(source, from, sink, to, length);
      case CLONE -> op.cloneFile(source, sink);
      default -> op.splice(source, from, sink, to, length);
    };
  }
}
