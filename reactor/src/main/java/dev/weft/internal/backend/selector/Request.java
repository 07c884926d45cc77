// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.internal.backend.Op;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The backend's state of an operation. There is one for each slot, used again and again. */
final class Request {
  /** Who has the request. */
  enum Place {
    /** The caller. */
    NOWHERE,
    /** The queue of those to be started, or the chain of one that is in progress. */
    QUEUED,
    /** A queue of a {@link ChannelEntry}, until its channel is ready. */
    WAITING,
    /** A thread for files, or a queue for one. */
    WORKING
  }

  Op op;
  Place place = Place.NOWHERE;

  /** What the operation's descriptor refers to; held. */
  @Nullable Entry entry;

  /** The next request in the queue that this one is in. */
  @Nullable Request next;

  /** The operations of a selector that the operation waits for; 0 if it never waits for one. */
  int interest;

  /** The bytes of a SEND that have been sent. */
  int done;

  /** Whether only the submitting thread may access the operation's memory. */
  boolean isForeign;

  /**
   * Bytes to write that the submitting thread has copied here, or the buffer of a file operation.
   */
  @Nullable StagingBuffer staging;

  /** The work for a thread, of an operation on a file. */
  @Nullable FileJob job;

  /** The poll after which the operation was performed last, and how often since. */
  private int performedPoll;

  private int performed;

  Request(Op op) {
    this.op = op;
  }

  /** Takes the request from its place, which does not have it any more. */
  void leave() {
    Entry held = entry;
    if (place == Place.QUEUED && held != null) {
      held.queued--;
    }
    place = Place.NOWHERE;
  }

  /**
   * Whether the operation, after poll number {@code poll}, has been performed {@code max} times
   * without waiting for the next one. Counts this use.
   */
  boolean isPerformedOften(int poll, int max) {
    if (performedPoll != poll) {
      performedPoll = poll;
      performed = 0;
    }
    return ++performed > max;
  }

  /** The bytes that the operation transfers at most. */
  int length() {
    int length = op.length();
    StagingBuffer staged = staging;
    return staged == null ? length : Math.min(length, staged.size());
  }

  /** Whether the next operation of a chain starts after this result. */
  boolean isWhole(int result) {
    return switch (op.opcode()) {
      case READ, WRITE, SEND, SEND_GATHERED, SPLICE -> result == op.length();
      default -> result >= 0;
    };
  }

  /** Copies up to {@code target.remaining()} bytes to be written, from {@link #done} on. */
  void copyTo(ByteBuffer target, MemorySegment targetMemory) {
    int count = Math.min(target.capacity(), length() - done);
    StagingBuffer staged = staging;
    if (staged != null) {
      MemorySegment.copy(staged.memory, done, targetMemory, 0, count);
    } else {
      op.copyTo(done, targetMemory, 0, count);
    }
    target.clear().limit(count);
  }
}
