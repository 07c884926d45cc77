// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import dev.weft.internal.mem.Memory;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** What messages are sent to, each whole. One fiber at a time may send. */
public interface MessageSink extends AutoCloseable {
  /**
   * Sends a message. Suspends until the system has accepted it.
   *
   * @param message native memory, owned by the kernel until the call ends; it may be empty
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is too long to be sent
   * @throws IOException if the sink is broken or closed
   */
  default void send(MemorySegment message) throws IOException {
    send(message, Deadline.NEVER);
  }

  /**
   * Sends a message, as {@link #send(MemorySegment)} does; waits until {@code deadline} at most.
   * Suspends.
   *
   * @param message native memory, owned by the kernel until the call ends; it may be empty
   * @param deadline when to stop waiting
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is too long to be sent
   * @throws IOException if the sink is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  void send(MemorySegment message, Deadline deadline) throws IOException;

  /**
   * Sends a message that consists of several segments. Suspends until the system has accepted it.
   *
   * @param message the segments in order, without skipped places, owned by the kernel until the
   *     call ends
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is too long to be sent
   * @throws IOException if the sink is broken or closed
   */
  default void send(SegmentList message) throws IOException {
    send(message, Deadline.NEVER);
  }

  /**
   * Sends a message that consists of several segments; waits until {@code deadline} at most.
   * Suspends. A sink that can't gather them copies them into one.
   *
   * @param message the segments in order, without skipped places, owned by the kernel until the
   *     call ends
   * @param deadline when to stop waiting
   * @throws dev.weft.error.ErrnoException EMSGSIZE if the message is too long to be sent
   * @throws IOException if the sink is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  default void send(SegmentList message, Deadline deadline) throws IOException {
    // A backend that can't access addresses can't access what is confined to a fiber either.
    try (Arena arena = Memory.isAccessible() ? Arena.ofConfined() : Arena.ofShared()) {
      MemorySegment whole = arena.allocate(message.byteSize());
      message.copyTo(whole);
      send(whole, deadline);
    }
  }

  /**
   * Closes the sink. Another fiber that is sending gets an {@link
   * java.nio.channels.AsynchronousCloseException}. Suspends, even in a cancelled fiber. Does
   * nothing the second time.
   *
   * @throws IOException if the system reports a failure; the sink is closed even so
   */
  @Override
  void close() throws IOException;
}
