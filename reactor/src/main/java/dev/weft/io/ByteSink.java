// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/** Byte stream to write to. One fiber at a time may write. */
public interface ByteSink extends AutoCloseable {
  /**
   * Writes all of a segment. Suspends until the system has accepted it.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @throws IOException if the stream is broken or closed; part of it may have been written
   */
  default void write(MemorySegment source) throws IOException {
    write(source, Deadline.NEVER);
  }

  /**
   * Writes all of a segment; waits until {@code deadline} at most. Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed; part of it may have been written
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; part may have been
   *     written
   */
  void write(MemorySegment source, Deadline deadline) throws IOException;

  /**
   * Writes several segments in order, all of each. Suspends until the system has accepted them.
   *
   * @param source the segments, without skipped places, owned by the kernel until the call ends
   * @throws IOException if the stream is broken or closed; part of it may have been written
   */
  default void write(SegmentList source) throws IOException {
    write(source, Deadline.NEVER);
  }

  /**
   * Writes several segments in order, all of each; waits until {@code deadline} at most. Suspends.
   *
   * @param source the segments, without skipped places, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed; part of it may have been written
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed; part may have been
   *     written
   */
  default void write(SegmentList source, Deadline deadline) throws IOException {
    if (source.hasSkips()) {
      throw new IllegalArgumentException("a list to write must not skip places: " + source);
    }
    for (int i = 0; i < source.size(); i++) {
      write(Objects.requireNonNull(source.segment(i)), deadline);
    }
  }

  /**
   * Writes as much of a segment as the system accepts in one call. Suspends until it accepts any.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @return bytes written; 0 only if {@code source} is empty
   * @throws IOException if the stream is broken or closed
   */
  default int writeSome(MemorySegment source) throws IOException {
    return writeSome(source, Deadline.NEVER);
  }

  /**
   * Writes as much of a segment as the system accepts in one call; waits until {@code deadline} at
   * most. Suspends.
   *
   * @param source native memory, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return bytes written; 0 only if {@code source} is empty
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if nothing was written
   */
  int writeSome(MemorySegment source, Deadline deadline) throws IOException;

  /**
   * Closes the stream. Another fiber that is writing gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the stream is closed even so
   */
  @Override
  void close() throws IOException;
}
