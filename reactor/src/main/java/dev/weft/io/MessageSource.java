// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.internal.mem.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What messages are received from, each whole. One fiber at a time may receive. */
public interface MessageSource extends AutoCloseable {
  /**
   * Receives a message. Suspends until there is one.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @return the message's length in bytes, which can be 0; -1 if the peer sends no more
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is longer than {@code target}
   * @throws IOException if the source is broken or closed
   */
  default int receive(MemorySegment target) throws IOException {
    return receive(target, Deadline.NEVER);
  }

  /**
   * Receives a message, as {@link #receive(MemorySegment)} does; waits until {@code deadline} at
   * most. Suspends.
   *
   * @param target native memory to fill from its start, owned by the kernel until the call ends
   * @param deadline when to stop waiting
   * @return the message's length in bytes, which can be 0; -1 if the peer sends no more
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is longer than {@code target}
   * @throws IOException if the source is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if no message arrived
   */
  int receive(MemorySegment target, Deadline deadline) throws IOException;

  /**
   * Receives a message into several segments, the next of which is used when one is full. Suspends
   * until there is a message.
   *
   * @param target the segments to fill and the places to skip, owned by the kernel until the call
   *     ends
   * @return the message's length in bytes with those skipped, which can be 0; -1 if the peer sends
   *     no more
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is longer than {@code target}
   * @throws IOException if the source is broken or closed
   */
  default int receive(SegmentList target) throws IOException {
    return receive(target, Deadline.NEVER);
  }

  /**
   * Receives a message into several segments, as {@link #receive(SegmentList)} does; waits until
   * {@code deadline} at most. Suspends. A source that can't scatter a message receives it whole
   * first, if it has at most 65 535 bytes.
   *
   * @param target the segments to fill and the places to skip, owned by the kernel until the call
   *     ends
   * @param deadline when to stop waiting
   * @return the message's length in bytes with those skipped, which can be 0; -1 if the peer sends
   *     no more
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is longer than {@code target}
   * @throws IOException if the source is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if no message arrived
   */
  default int receive(SegmentList target, Deadline deadline) throws IOException {
    // A backend that can't access addresses can't access what is confined to a fiber either.
    try (Arena arena = Memory.isAccessible() ? Arena.ofConfined() : Arena.ofShared()) {
      MemorySegment whole = arena.allocate(Math.min(target.byteSize(), 65_535));
      int length = receive(whole, deadline);
      if (length > 0) {
        target.copyFrom(whole.asSlice(0, length));
      }
      return length;
    }
  }

  /**
   * Closes the source. Another fiber that is receiving gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the source is closed even so
   */
  @Override
  void close() throws IOException;
}
