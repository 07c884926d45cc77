// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.io;

import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Op;
import dev.weft.internal.backend.PollEvents;
import dev.weft.internal.queue.TimerQueue;
import dev.weft.internal.strand.Strand;
import dev.weft.internal.strand.WaitMode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * Large transfers of an endpoint by calls instead of operations of a ring, which handles them
 * slower: a receive waits until there are bytes and takes them by a call, a send tries a call
 * first. What they are is a matter of speed alone.
 */
final class DirectTransfers {
  /** A transfer of this many bytes is large. */
  static final int LARGE_BYTES = 16 << 10;

  /** The bytes that one call sends at most, so that other fibers get their turn. */
  static final int SENT_MAX = 256 << 10;

  /**
   * How many small receives in a row end the direct ones. A single one is often the rest of a large
   * message.
   */
  private static final int SMALL_MAX = 4;

  private final Endpoint endpoint;
  private final boolean isQueued;

  /** How many small receives are left before the next ones are operations; 0 if they are. */
  private int left;

  /** The turn of the last call that has sent. */
  private long lastTurn = -1;

  DirectTransfers(Endpoint endpoint) {
    this.endpoint = endpoint;
    isQueued = endpoint.loop.backend().has(Capability.QUEUED_TRANSFERS);
  }

  /** Whether the last receives have brought so much that the next one is a call. */
  boolean receivesMuch() {
    return left > 0 && !endpoint.handle().isDirect();
  }

  /** Whether the next receive of so many bytes is a direct one. */
  boolean receives(int length, long deadline) {
    return left > 0 && length >= LARGE_BYTES && isWorthACall(deadline);
  }

  /** Notes how many bytes a receive has brought. */
  void received(int count) {
    if (count >= LARGE_BYTES) {
      left = isQueued ? SMALL_MAX : 0;
    } else if (left > 0) {
      left--;
    }
  }

  /**
   * Waits until there are bytes, and receives them. Suspends.
   *
   * @return at least 0, or -errno; -EAGAIN if there were none after all
   */
  int receive(Strand strand, MemorySegment target, int length, long deadline) throws IOException {
    Op op = strand.waiting.op().poll(endpoint.handle(), PollEvents.READABLE);
    int ready = endpoint.perform(strand, "read", op, deadline);
    if (ready < 0) {
      return ready;
    }
    endpoint.requireOpen();
    return endpoint.attempt(op.receive(endpoint.handle(), target, 0, length));
  }

  /** Whether the next send of so many bytes is tried by a call: one in a turn of the loop. */
  boolean sends(int length, long deadline) {
    return length >= LARGE_BYTES
        && isQueued
        && lastTurn != endpoint.loop.turns()
        && isWorthACall(deadline);
  }

  /** A call does not know direct descriptors: the backend would need further calls. */
  private boolean isWorthACall(long deadline) {
    return deadline != TimerQueue.NOW && !endpoint.handle().isDirect();
  }

  /**
   * Begins a send by a call, to be followed by an {@link Endpoint#attempt}.
   *
   * @return how many of the bytes to send
   */
  int beginSend(Strand strand, int length, long deadline) {
    strand.checkBeforeWait("write", endpoint.name(), deadline, WaitMode.EXTERNAL);
    lastTurn = endpoint.loop.turns();
    return Math.min(length, SENT_MAX);
  }
}
