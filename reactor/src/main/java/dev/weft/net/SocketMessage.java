// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.internal.backend.Message;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.MessageTransfers;
import dev.weft.internal.io.TryTransfers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/** Memory for messages, with the length of the one that it holds. To be used again. */
public abstract sealed class SocketMessage permits Datagram, UnixMessage {
  final Message message = new Message();
  private final MemorySegment segment;
  private int length;
  private boolean isInUse;

  SocketMessage(MemorySegment segment) {
    this.segment = segment;
  }

  /** {@return the memory, all of it} */
  public final MemorySegment segment() {
    return segment;
  }

  /** {@return the number of bytes, from the start of the segment on; can be 0} */
  public final int length() {
    return length;
  }

  /** {@return the bytes: the first {@link #length} of the segment} */
  public final MemorySegment content() {
    return segment.asSlice(0, length);
  }

  /** {@return whether the message was longer than the segment: its end has been lost} */
  public final boolean isTruncated() {
    return message.isTruncated();
  }

  /**
   * Sets how many bytes a send takes.
   *
   * @param length the number of bytes, from the start of the segment on
   */
  public final void setLength(int length) {
    if (length < 0 || length > segment.byteSize()) {
      throw new IndexOutOfBoundsException(
          "a length of " + length + " in a segment of " + segment.byteSize() + " bytes");
    }
    this.length = length;
  }

  // ---- for sockets

  /** Prepares a receive. */
  abstract void beforeReceive(Endpoint endpoint);

  /** Closes what is left of the last receive. Suspends. */
  abstract void closeUntaken() throws IOException;

  /** Closes what is left of the last receive, without suspending. */
  abstract void discardUntaken();

  /**
   * Takes what has been received besides the bytes.
   *
   * @param hasSenders whether there are senders with addresses: not in a connection
   */
  abstract void afterReceive(Endpoint endpoint, boolean hasSenders);

  /** Prepares a send. */
  abstract void beforeSend(Endpoint endpoint) throws IOException;

  /** Ends a send, which may have failed. */
  abstract void afterSend();

  /** Receives; returns the number of bytes. */
  final int receive(Endpoint endpoint, boolean hasSenders, Deadline deadline) throws IOException {
    acquire("receive");
    try {
      beforeReceive(endpoint);
      closeUntaken();
      length = 0;
      length = MessageTransfers.receive(endpoint, segment, message, deadline.nanoTime());
      afterReceive(endpoint, hasSenders);
      return length;
    } finally {
      isInUse = false;
    }
  }

  /** As {@link #receive}, and the message stays where it is, with its descriptors. */
  final int peek(Endpoint endpoint, boolean hasSenders, Deadline deadline) throws IOException {
    acquire("peek");
    try {
      beforeReceive(endpoint);
      closeUntaken();
      length = 0;
      length = MessageTransfers.peek(endpoint, segment, message, deadline.nanoTime());
      afterReceive(endpoint, hasSenders);
      return length;
    } finally {
      isInUse = false;
    }
  }

  /** Receives what has arrived; returns the number of bytes, or -1 if there is nothing. */
  final int tryReceive(Endpoint endpoint, boolean hasSenders) throws IOException {
    acquire("receive");
    try {
      beforeReceive(endpoint);
      discardUntaken();
      length = 0;
      int count = TryTransfers.receive(endpoint, segment, message);
      if (count >= 0) {
        length = count;
        afterReceive(endpoint, hasSenders);
      }
      return count;
    } finally {
      isInUse = false;
    }
  }

  /** Sends; returns the number of bytes, which can be less in a stream. */
  final int send(Endpoint endpoint, Deadline deadline) throws IOException {
    acquire("send");
    try {
      beforeSend(endpoint);
      return MessageTransfers.send(endpoint, segment, length, message, deadline.nanoTime());
    } finally {
      afterSend();
      isInUse = false;
    }
  }

  /** Sends if that needs no wait; returns the number of bytes, or -1 if it does. */
  final int trySend(Endpoint endpoint) throws IOException {
    acquire("send");
    boolean mustWait = false;
    try {
      beforeSend(endpoint);
      int sent = TryTransfers.send(endpoint, segment, length, message);
      mustWait = sent < 0;
      return sent;
    } finally {
      if (!mustWait) {
        afterSend();
      }
      isInUse = false;
    }
  }

  private void acquire(String verb) {
    requireUnused(verb);
    isInUse = true;
  }

  final void requireUnused(String verb) {
    if (isInUse) {
      throw new IllegalStateException(verb + ": another fiber is using " + this);
    }
  }
}
