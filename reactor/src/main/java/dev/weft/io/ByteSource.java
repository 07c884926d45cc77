// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A stream to read bytes from. One fiber at a time may read. */
public interface ByteSource extends AutoCloseable {
  /**
   * Reads what is there, at least one byte. Suspends until there is some.
   *
   * @param target native memory to fill from its start; the kernel's until the call ends
   * @return how many bytes, or -1 at the end of the stream; 0 only if {@code target} is empty
   * @throws IOException if the stream is broken or closed
   */
  default int read(MemorySegment target) throws IOException {
    return read(target, Deadline.NEVER);
  }

  /**
   * Reads what is there, at least one byte, but does not wait for ever. Suspends.
   *
   * @param target native memory to fill from its start; the kernel's until the call ends
   * @param deadline until when
   * @return how many bytes, or -1 at the end of the stream; 0 only if {@code target} is empty
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if nothing came; nothing is lost
   */
  int read(MemorySegment target, Deadline deadline) throws IOException;

  /**
   * Fills a segment. Suspends.
   *
   * @param target native memory; the kernel's until the call ends
   * @throws EOFException if the stream ends before that
   * @throws IOException if the stream is broken or closed
   */
  default void readFully(MemorySegment target) throws IOException {
    readFully(target, Deadline.NEVER);
  }

  /**
   * Fills a segment, but does not wait for ever. Suspends.
   *
   * @param target native memory; the kernel's until the call ends
   * @param deadline until when
   * @throws EOFException if the stream ends before that
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if too little came; what did is lost
   */
  default void readFully(MemorySegment target, Deadline deadline) throws IOException {
    long filled = 0;
    while (filled < target.byteSize()) {
      int count = read(filled == 0 ? target : target.asSlice(filled), deadline);
      if (count < 0) {
        throw new EOFException(
            "the stream ended after " + filled + " of " + target.byteSize() + " bytes");
      }
      filled += count;
    }
  }

  /**
   * Ends the stream. Another fiber that is reading gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; it is closed all the same
   */
  @Override
  void close() throws IOException;
}
