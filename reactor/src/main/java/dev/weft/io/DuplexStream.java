// SPDX-License-Identifier: Apache-2.0
package dev.weft.io;

import dev.weft.Deadline;
import java.io.IOException;

/** Byte stream to another program, each direction of which ends by itself. */
public interface DuplexStream extends ByteStream {
  /**
   * Ends the sending direction: the peer reads the end of the stream after what was written. It can
   * still send. Suspends.
   *
   * @throws IOException if the stream is broken or closed
   */
  default void shutdownOutput() throws IOException {
    shutdownOutput(Deadline.NEVER);
  }

  /**
   * Ends the sending direction, as {@link #shutdownOutput()} does; waits until {@code deadline} at
   * most. Suspends.
   *
   * @param deadline when to stop waiting
   * @throws IOException if the stream is broken or closed
   * @throws dev.weft.error.DeadlineExceededException if the deadline passed
   */
  void shutdownOutput(Deadline deadline) throws IOException;
}
