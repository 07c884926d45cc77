// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.error.Errno;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.strand.Strand;
import java.io.EOFException;
import java.io.IOException;

/**
 * Transfers of several segments as one, of files, pipes and other streams (readv(2)). A backend
 * that can't do that transfers one segment after the other. All suspend.
 */
public final class VectoredTransfers {
  private VectoredTransfers() {}

  /**
   * Reads some bytes into the segments, in order.
   *
   * @param position in the file, or {@link Op#CURRENT_POSITION}
   * @return at least 1, or -1 at the end; 0 only if the segments are empty
   */
  public static int read(Endpoint endpoint, Segments target, long position, long deadline)
      throws IOException {
    return read(endpoint, target, 0, position, deadline);
  }

  private static int read(
      Endpoint endpoint, Segments target, long filled, long position, long deadline)
      throws IOException {
    Strand strand = endpoint.enter("read");
    if (target.byteSize() == filled) {
      return endpoint.transferNothing(strand, "read", deadline);
    }
    boolean moves = position == Op.CURRENT_POSITION;
    if (moves) {
      endpoint.requireNoReader("read");
      endpoint.reading = true;
    }
    Gather gather = endpoint.takeGather();
    try {
      target.gather(gather, filled);
      int count = transfer(endpoint, strand, gather, position, false, deadline);
      return count == 0 ? -1 : count;
    } finally {
      endpoint.giveBack(gather);
      if (moves) {
        endpoint.reading = false;
      }
    }
  }

  /**
   * Fills all segments.
   *
   * @throws EOFException if the stream ends before
   */
  public static void readFully(Endpoint endpoint, Segments target, long deadline)
      throws IOException {
    long end = target.byteSize();
    for (long filled = 0; filled < end; ) {
      int count = read(endpoint, target, filled, Op.CURRENT_POSITION, deadline);
      if (count < 0) {
        throw new EOFException("the stream ended after " + filled + " of " + end + " bytes");
      }
      filled += count;
    }
  }

  /**
   * Writes all bytes of the segments.
   *
   * @param position in the file, or {@link Op#CURRENT_POSITION}
   */
  public static void write(Endpoint endpoint, Segments source, long position, long deadline)
      throws IOException {
    long end = source.byteSize();
    if (end == 0) {
      endpoint.transferNothing(endpoint.enter("write"), "write", deadline);
    }
    int seen = endpoint.cancels();
    for (long written = 0; written < end; ) {
      endpoint.requireGoing("write", seen);
      long place = position == Op.CURRENT_POSITION ? position : position + written;
      written += writeSome(endpoint, source, written, place, deadline);
    }
  }

  private static int writeSome(
      Endpoint endpoint, Segments source, long written, long position, long deadline)
      throws IOException {
    Strand strand = endpoint.enter("write");
    boolean moves = position == Op.CURRENT_POSITION;
    if (moves) {
      endpoint.requireNoWriter();
      endpoint.writing = true;
    }
    Gather gather = endpoint.takeGather();
    try {
      source.gather(gather, written);
      return transfer(endpoint, strand, gather, position, true, deadline);
    } finally {
      endpoint.giveBack(gather);
      if (moves) {
        endpoint.writing = false;
      }
    }
  }

  private static int transfer(
      Endpoint endpoint, Strand strand, Gather gather, long position, boolean writes, long deadline)
      throws IOException {
    String verb = writes ? "write" : "read";
    int events = writes ? PollEvents.WRITABLE : PollEvents.READABLE;
    while (true) {
      endpoint.requireOpen();
      Op op = request(endpoint, strand.waiting.op(), gather, position, writes);
      int result = endpoint.perform(strand, verb, op, deadline);
      if (writes && result == 0) {
        result = -Errno.EIO.code(); // otherwise write() would loop indefinitely
      }
      if (!Endpoint.mustRetry(strand, result, endpoint, events, deadline)) {
        return endpoint.check(verb, result);
      }
    }
  }

  private static Op request(
      Endpoint endpoint, Op op, Gather gather, long position, boolean writes) {
    if (endpoint.loop.backend().has(Capability.VECTORED_FILES)) {
      return writes
          ? op.writeGathered(endpoint.handle(), gather, position)
          : op.readScattered(endpoint.handle(), gather, position);
    }
    long from = gather.from(0);
    int length = gather.length(0);
    return writes
        ? op.write(endpoint.handle(), gather.segment(0), from, length, position)
        : op.read(endpoint.handle(), gather.segment(0), from, length, position);
  }
}
