// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.internal.backend.Message;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.MessageTransfers;
import dev.weft.internal.io.TryTransfers;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Memory for datagrams, with the length and the address of the one that it holds. To be used again:
 * receiving into it allocates nothing while the sender is the same. By one fiber at a time.
 *
 * <p>A server replies to {@link #address()} by sending the datagram back with {@link
 * UdpSocket#send(Datagram)}, after it has changed the bytes and the {@linkplain #setLength length}.
 */
public final class Datagram {
  private final MemorySegment segment;
  private final Message message = new Message();
  private int length;
  private boolean isInUse;

  /**
   * Makes a datagram of no bytes, without an address.
   *
   * @param segment native memory; a datagram has at most 65507 bytes over IPv4
   */
  public Datagram(MemorySegment segment) {
    this.segment = segment;
  }

  /** {@return the memory, all of it} */
  public MemorySegment segment() {
    return segment;
  }

  /** {@return the number of bytes, from the start of the segment on; can be 0} */
  public int length() {
    return length;
  }

  /** {@return the bytes: the first {@link #length} of the segment} */
  public MemorySegment content() {
    return segment.asSlice(0, length);
  }

  /**
   * {@return the sender of what has been received, or what {@link #setAddress} has set; null if
   * neither has happened. The sender's port can be 0, which can't be sent to}
   */
  public @Nullable InetSocketAddress address() {
    return (InetSocketAddress) message.address();
  }

  /** {@return whether the datagram was longer than the segment: its end has been lost} */
  public boolean isTruncated() {
    return message.isTruncated();
  }

  /**
   * Sets how many bytes a send takes.
   *
   * @param length the number of bytes, from the start of the segment on
   */
  public void setLength(int length) {
    if (length < 0 || length > segment.byteSize()) {
      throw new IndexOutOfBoundsException(
          "a length of " + length + " in a segment of " + segment.byteSize() + " bytes");
    }
    this.length = length;
  }

  /**
   * Sets where a send goes.
   *
   * @param address a resolved address; null for the peer that the socket is connected to
   */
  public void setAddress(@Nullable InetSocketAddress address) {
    message.to(address);
  }

  // ---- for sockets

  void receive(Endpoint endpoint, Deadline deadline) throws IOException {
    acquire("receive");
    try {
      length = 0;
      length = MessageTransfers.receive(endpoint, segment, message, deadline.nanoTime());
    } finally {
      isInUse = false;
    }
  }

  void send(Endpoint endpoint, Deadline deadline) throws IOException {
    acquire("send");
    try {
      MessageTransfers.send(endpoint, segment, length, message, deadline.nanoTime());
    } finally {
      isInUse = false;
    }
  }

  boolean tryReceive(Endpoint endpoint) throws IOException {
    acquire("receive");
    try {
      length = 0;
      int count = TryTransfers.receive(endpoint, segment, message);
      length = Math.max(count, 0);
      return count >= 0;
    } finally {
      isInUse = false;
    }
  }

  boolean trySend(Endpoint endpoint) throws IOException {
    acquire("send");
    try {
      return TryTransfers.send(endpoint, segment, length, message);
    } finally {
      isInUse = false;
    }
  }

  private void acquire(String verb) {
    if (isInUse) {
      throw new IllegalStateException(verb + ": another fiber is using " + this);
    }
    isInUse = true;
  }

  @Override
  public String toString() {
    InetSocketAddress known = address();
    return "datagram of " + length + " bytes" + (known == null ? "" : ", " + known);
  }
}
