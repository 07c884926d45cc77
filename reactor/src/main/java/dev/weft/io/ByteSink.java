// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** A stream to write bytes to. One fiber at a time may write. */
public interface ByteSink extends AutoCloseable {
  /**
   * Writes all of a segment. Suspends until the system has taken it.
   *
   * @param source native memory; the kernel's until the call ends
   * @throws IOException if the stream is broken or closed; part of it may have been written
   */
  default void write(MemorySegment source) throws IOException {
    write(source, Deadline.NEVER);
  }

  /**
   * Writes all of a segment, but does not wait for ever. Suspends.
   *
   * @param source native memory; the kernel's until the call ends
   * @param deadline until when
   * @throws IOException if the stream is broken or closed; part of it may have been written
   * @throws dev.weft.error.DeadlineExceededException if it took too long; part may have been
   *     written
   */
  void write(MemorySegment source, Deadline deadline) throws IOException;

  /**
   * Writes as much of a segment as the system takes at once. Suspends until it takes any.
   *
   * @param source native memory; the kernel's until the call ends
   * @return how many bytes; 0 only if {@code source} is empty
   * @throws IOException if the stream is broken or closed
   */
  default int writeSome(MemorySegment source) throws IOException {
    return writeSome(source, Deadline.NEVER);
  }

  /**
   * Writes as much of a segment as the system takes at once, but does not wait for ever. Suspends.
   *
   * @param source native memory; the kernel's until the call ends
   * @param deadline until when
   * @return how many bytes; 0 only if {@code source} is empty
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if nothing was taken
   */
  int writeSome(MemorySegment source, Deadline deadline) throws IOException;

  /**
   * Ends the stream. Another fiber that is writing gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; it is closed all the same
   */
  @Override
  void close() throws IOException;
}
