// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.framing;

import dev.weft.Deadline;
import dev.weft.io.SegmentList;
import java.io.IOException;

/** How the messages in a byte stream are separated. */
public interface Frame {
  /** Throws if the message can't be sent in this frame, whatever its length. */
  void check(SegmentList message);

  /** Sends a message. Suspends. */
  void send(SegmentList message, GatheredOutput output, Deadline deadline) throws IOException;

  /**
   * Receives a message. Suspends.
   *
   * @param max the length above which it is refused
   * @return its length, -1 at the end of the stream, or {@link #TOO_LONG}
   */
  int receive(ReadAhead input, SegmentCursor target, int max, Deadline deadline) throws IOException;

  /** The message is longer than allowed. */
  int TOO_LONG = -2;
}
