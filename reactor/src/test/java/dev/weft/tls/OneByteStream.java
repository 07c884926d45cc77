// SPDX-License-Identifier: Apache-2.0
package dev.weft.tls;

import dev.weft.Deadline;
import dev.weft.io.ByteStream;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A stream that moves one byte at a time. */
record OneByteStream(ByteStream stream) implements ByteStream {
  private static MemorySegment first(MemorySegment segment) {
    return segment.asSlice(0, Math.min(segment.byteSize(), 1));
  }

  @Override
  public int read(MemorySegment target, Deadline deadline) throws IOException {
    return stream.read(first(target), deadline);
  }

  @Override
  public void write(MemorySegment source, Deadline deadline) throws IOException {
    stream.write(source, deadline);
  }

  @Override
  public int writeSome(MemorySegment source, Deadline deadline) throws IOException {
    return stream.writeSome(first(source), deadline);
  }

  @Override
  public void close() throws IOException {
    stream.close();
  }
}
