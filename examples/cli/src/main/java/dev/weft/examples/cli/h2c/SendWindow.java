// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.h2c;

import dev.weft.Deadline;
import dev.weft.sync.EventCount;
import org.apache.hc.core5.http2.H2Error;

/** How many bytes of DATA a connection may send, and the fibers that wait for more. */
final class SendWindow {
  private final EventCount changes = EventCount.create();
  private long connection = Frames.WINDOW_INITIAL;

  /** How many bytes of DATA may be sent in {@code stream}; perhaps negative. */
  long room(H2Stream stream) {
    return Math.min(connection, stream.sendWindow());
  }

  /** Waits until something may be sent in {@code stream}, or it is reset. Suspends. */
  void awaitRoom(H2Stream stream, Deadline deadline) {
    changes.awaitUntil(() -> stream.isReset() || room(stream) > 0, deadline);
  }

  void sent(H2Stream stream, int bytes) {
    connection -= bytes;
    stream.sent(bytes);
    if (bytes < 0) {
      changes.signalAll(); // less was sent than was reserved
    }
  }

  /** The client has room for more. */
  void grow(int bytes) throws ConnectionFailure {
    connection += bytes;
    if (connection > Integer.MAX_VALUE) {
      throw new ConnectionFailure(H2Error.FLOW_CONTROL_ERROR, "the window has become too large");
    }
    changes.signalAll();
  }

  /** The window of a stream has changed, or the stream was reset. */
  void changed() {
    changes.signalAll();
  }
}
