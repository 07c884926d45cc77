// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.net.SocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Opcode#SEND_MESSAGE} and {@link Opcode#RECEIVE_MESSAGE} transfer besides the bytes.
 * Reusable, by one operation at a time; nothing is allocated per use while the peer is the same.
 */
public final class Message {
  private @Nullable SocketAddress address;
  private boolean truncated;
  private @Nullable Object encodedAddress;

  /** Sets the destination of a send; null for the peer that the socket is connected to. */
  public Message to(@Nullable SocketAddress destination) {
    address = destination;
    return this;
  }

  /** The destination of a send or the sender of what was received; null if it has no address. */
  public @Nullable SocketAddress address() {
    return address;
  }

  /** Whether the message was longer than the memory, so that its end has been lost. */
  public boolean isTruncated() {
    return truncated;
  }

  // ---- for the backend

  /** Sets what has been received besides the bytes. */
  public void received(@Nullable SocketAddress sender, boolean isTruncated) {
    address = sender;
    truncated = isTruncated;
  }

  /** An address in the form of the backend, which it keeps for the next use; null at first. */
  public @Nullable Object encodedAddress() {
    return encodedAddress;
  }

  /** Keeps an address in the form of the backend. */
  public void keep(Object encoded) {
    encodedAddress = encoded;
  }
}
