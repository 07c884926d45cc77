// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.internal.mem.Memory;
import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** Byte stream to read from. One fiber at a time may read. */
public interface ByteSource extends AutoCloseable {
  /**
   * Reads the bytes that are available, at least one. Suspends until there is one.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @return bytes read, or -1 at the end of the stream; 0 only if {@code target} is empty
   * @throws IOException if the stream is broken or closed
   */
  default int read(MemorySegment target) throws IOException {
    return read(target, Deadline.NEVER);
  }

  /**
   * Reads the bytes that are available, at least one; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return bytes read, or -1 at the end of the stream; 0 only if {@code target} is empty
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if no byte arrived; nothing is lost
   */
  int read(MemorySegment target, Deadline deadline) throws IOException;

  /**
   * Fills a whole segment. Suspends.
   *
   * @param target native memory, owned by the kernel until the call ends
   * @throws EOFException if the stream ends before the segment is full
   * @throws IOException if the stream is broken or closed
   */
  default void readFully(MemorySegment target) throws IOException {
    readFully(target, Deadline.NEVER);
  }

  /**
   * Fills a whole segment; waits until {@code deadline} at most. Suspends.
   *
   * @param target native memory, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @throws EOFException if the stream ends before the segment is full
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if too few bytes arrived; those that did are
   *     lost
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
   * Fills several segments in order; bytes for skipped places are dropped. Suspends.
   *
   * @param target the segments to fill and the places to skip, owned by the kernel until the call
   *     ends
   * @throws EOFException if the stream ends before all are full
   * @throws IOException if the stream is broken or closed
   */
  default void readFully(SegmentList target) throws IOException {
    readFully(target, Deadline.NEVER);
  }

  /**
   * Fills several segments in order; bytes for skipped places are dropped. Waits until {@code
   * deadline} at most. Suspends.
   *
   * @param target the segments to fill and the places to skip, owned by the kernel until the call
   *     ends
   * @param deadline when to stop waiting
   * @throws EOFException if the stream ends before all are full
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if too few bytes arrived; those that did are
   *     lost
   */
  default void readFully(SegmentList target, Deadline deadline) throws IOException {
    for (int i = 0; i < target.size(); i++) {
      MemorySegment segment = target.segment(i);
      if (segment == null) {
        skip(target.byteSize(i), deadline);
      } else {
        readFully(segment, deadline);
      }
    }
  }

  /**
   * Reads and drops bytes. Suspends.
   *
   * @param bytes how many, at least 0
   * @throws EOFException if the stream ends before
   * @throws IOException if the stream is broken or closed
   */
  default void skip(long bytes) throws IOException {
    skip(bytes, Deadline.NEVER);
  }

  /**
   * Reads and drops bytes; waits until {@code deadline} at most. Suspends.
   *
   * @param bytes how many, at least 0
   * @param deadline when to stop waiting
   * @throws EOFException if the stream ends before
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if too few bytes arrived; those that did are
   *     lost
   */
  default void skip(long bytes, Deadline deadline) throws IOException {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes must not be negative: " + bytes);
    }
    // A backend that can't access addresses can't access what is confined to a fiber either.
    try (Arena arena = Memory.isAccessible() ? Arena.ofConfined() : Arena.ofShared()) {
      MemorySegment dropped = arena.allocate(Math.min(bytes, 16_384));
      for (long left = bytes; left > 0; ) {
        int count = read(dropped.asSlice(0, Math.min(left, dropped.byteSize())), deadline);
        if (count < 0) {
          throw new EOFException(
              "the stream ended after " + (bytes - left) + " of " + bytes + " skipped bytes");
        }
        left -= count;
      }
    }
  }

  /**
   * Closes the stream. Another fiber that is reading gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the stream is closed even so
   */
  @Override
  void close() throws IOException;
}
