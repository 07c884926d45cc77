// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.net.InetAddress;
import java.net.SocketAddress;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What {@link Opcode#SEND_MESSAGE} and {@link Opcode#RECEIVE_MESSAGE} transfer besides the bytes.
 * Reusable, by one operation at a time; nothing is allocated per use while the peer is the same.
 */
public final class Message {
  /** The descriptors that one message brings at most; the system closes those beyond. */
  public static final int DESCRIPTORS_MAX = 8;

  private @Nullable SocketAddress address;
  private @Nullable InetAddress local;
  private boolean truncated;
  private @Nullable Object encodedAddress;

  // ---- control data
  private boolean takesLocal;
  private @Nullable Handle passed;
  private int @Nullable [] descriptors;
  private int descriptorCount;

  /** Sets the destination of a send; null for the peer that the socket is connected to. */
  public Message to(@Nullable SocketAddress destination) {
    address = destination;
    return this;
  }

  /** The destination of a send or the sender of what was received; null if it has no address. */
  public @Nullable SocketAddress address() {
    return address;
  }

  /**
   * Sets the address of this machine that a send comes from, of the destination's family; null if
   * the system chooses.
   */
  public Message from(@Nullable InetAddress source) {
    local = source;
    return this;
  }

  /**
   * The address of this machine that a send comes from, or that what was received was sent to. Null
   * if the system chooses, or has not reported it.
   */
  public @Nullable InetAddress local() {
    return local;
  }

  /** Whether the message was longer than the memory, so that its end has been lost. */
  public boolean isTruncated() {
    return truncated;
  }

  /**
   * Sets what a send passes besides the bytes: a descriptor of the same file for the receiver; null
   * for none. The file stays open until the operation has completed.
   */
  public Message passing(@Nullable Handle handle) {
    passed = handle;
    return this;
  }

  /** Lets a receive take up to {@link #DESCRIPTORS_MAX} descriptors. Without it they are closed. */
  public Message takingDescriptors() {
    if (descriptors == null) {
      descriptors = new int[DESCRIPTORS_MAX];
    }
    return this;
  }

  /** Lets a receive report the {@link #local} address, if the socket has PACKET_INFO. */
  public Message takingLocal() {
    takesLocal = true;
    return this;
  }

  /** The number of descriptors that have been received, which the caller owns. */
  public int descriptorCount() {
    return descriptorCount;
  }

  /** A descriptor that has been received. */
  public int descriptor(int index) {
    return Objects.requireNonNull(descriptors)[Objects.checkIndex(index, descriptorCount)];
  }

  // ---- for the backend

  /** The handle whose file a send passes, or null. */
  public @Nullable Handle passed() {
    return passed;
  }

  /** Whether a receive may bring descriptors. */
  public boolean takesDescriptors() {
    return descriptors != null;
  }

  /** Whether a receive may report the local address. */
  public boolean takesLocal() {
    return takesLocal;
  }

  /** Whether a send has control data. */
  public boolean hasControl() {
    return passed != null || local != null;
  }

  /** Adds a descriptor that has been received. */
  public void add(int descriptor) {
    Objects.requireNonNull(descriptors)[descriptorCount++] = descriptor;
  }

  /**
   * Sets what has been received besides the bytes; descriptors are {@link #add}ed afterwards, and
   * the local address is set by {@link #from}.
   */
  public void received(@Nullable SocketAddress sender, boolean isTruncated) {
    address = sender;
    local = null;
    truncated = isTruncated;
    descriptorCount = 0;
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
