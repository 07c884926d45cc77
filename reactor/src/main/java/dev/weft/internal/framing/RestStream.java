// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import dev.weft.Deadline;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import dev.weft.io.ByteStream;
import dev.weft.io.DuplexStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.ClosedChannelException;

/** A byte stream from which some bytes were read ahead: they are read from here first. */
class RestStream implements ByteStream {
  private final ReadAhead input;
  private final ByteStream stream;
  private boolean isReading;
  private boolean isClosed;

  RestStream(ReadAhead input, ByteStream stream) {
    this.input = input;
    this.stream = stream;
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    SegmentCursor.check(target);
    if (isClosed) {
      throw new ClosedChannelException();
    }
    Strand strand = Strand.require("read");
    strand.checkBeforeWait("read", stream, deadline.nanoTime(), WaitMode.EXTERNAL);
    if (isReading) {
      throw new IllegalStateException("read " + stream + ": another fiber is reading from it");
    }
    isReading = true;
    try {
      return input.read(target, deadline);
    } finally {
      isReading = false;
    }
  }

  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    stream.write(source, deadline);
  }

  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    return stream.writeSome(source, deadline);
  }

  @Override
  public void close() throws IOException {
    isClosed = true;
    if (!isReading) { // a read that is in progress has found nothing left
      input.discard();
    }
    stream.close();
  }

  @Override
  public String toString() {
    return stream.toString();
  }

  /** As {@link RestStream}, over a stream whose output ends by itself. */
  static final class Duplex extends RestStream implements DuplexStream {
    private final DuplexStream stream;

    Duplex(ReadAhead input, DuplexStream stream) {
      super(input, stream);
      this.stream = stream;
    }

    @Override
    public void shutdownOutput(Deadline deadline) throws IOException {
      stream.shutdownOutput(deadline);
    }
  }
}
