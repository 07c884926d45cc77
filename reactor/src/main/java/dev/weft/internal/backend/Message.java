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
  /** The descriptors that one message passes at most: SCM_MAX_FD of the kernel. */
  public static final int DESCRIPTORS_MAX = 253;

  private @Nullable SocketAddress address;
  private @Nullable InetAddress local;
  private boolean truncated;
  private @Nullable Object encodedAddress;

  // ---- control data
  private boolean takesLocal;
  private @Nullable PassedHandles passed;
  private int @Nullable [] descriptors;
  private int descriptorCount;
  private boolean lostDescriptors;

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
   * Adds to what a send passes besides the bytes: a descriptor of the same file for the receiver.
   * The file stays open until the operation has completed.
   */
  public Message passing(Handle handle) {
    PassedHandles all = passed;
    if (all == null) {
      all = new PassedHandles();
      passed = all;
    }
    all.add(handle);
    return this;
  }

  /** Lets the next send pass nothing. */
  public void passNone() {
    if (passed != null) {
      passed.clear();
    }
  }

  /** Lets a receive take up to that many descriptors. The system closes those beyond. */
  public Message takingDescriptors(int most) {
    descriptors = new int[most];
    return this;
  }

  /** Lets a receive report the {@link #local} address, if the socket has PACKET_INFO. */
  public Message takingLocal() {
    takesLocal = true;
    return this;
  }

  /** Whether all that a send is to pass is open. */
  public boolean passesOpen() {
    return passed == null || passed.areOpen();
  }

  /** Whether there were more descriptors than could be received; the system has closed the rest. */
  public boolean hasLostDescriptors() {
    return lostDescriptors;
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

  /** The number of files that a send passes. */
  public int passedCount() {
    return passed == null ? 0 : passed.count();
  }

  /** The descriptor of a file that is being passed; {@link Handle#NONE} if it was closed before. */
  public int passed(int index) {
    return Objects.requireNonNull(passed).number(index);
  }

  /** The number of descriptors that a receive may bring. */
  public int descriptorRoom() {
    return descriptors == null ? 0 : descriptors.length;
  }

  /** Whether a receive may report the local address. */
  public boolean takesLocal() {
    return takesLocal;
  }

  /** Whether a send has control data. */
  public boolean hasControl() {
    return passedCount() > 0 || local != null;
  }

  /** Adds a descriptor that has been received. */
  public void add(int descriptor) {
    Objects.requireNonNull(descriptors)[descriptorCount++] = descriptor;
  }

  /** Says that descriptors were closed, for which there was no room. */
  public void loseDescriptors() {
    lostDescriptors = true;
  }

  /**
   * Sets what has been received besides the bytes; descriptors are {@link #add}ed or {@linkplain
   * #loseDescriptors lost} afterwards, and the local address is set by {@link #from}.
   */
  public void received(@Nullable SocketAddress sender, boolean isTruncated) {
    address = sender;
    local = null;
    truncated = isTruncated;
    descriptorCount = 0;
    lostDescriptors = false;
  }

  // ---- for the operation that sends it

  void usePassed(Op op) {
    if (passed != null) {
      passed.use(op);
    }
  }

  void unusePassed(Op op) {
    if (passed != null) {
      passed.unuse(op);
    }
  }

  boolean usesPassed(Handle handle) {
    return passed != null && passed.uses(handle);
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
