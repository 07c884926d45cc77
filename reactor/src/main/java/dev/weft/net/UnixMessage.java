// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.Message;
import dev.weft.internal.io.Acceptor;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.strand.EventLoop;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Memory for what Unix sockets send and receive, with its length, an address, and descriptors that
 * it brings (SCM_RIGHTS, unix(7)). To be used again, by one fiber at a time.
 *
 * <p>Descriptors keep their order, and their place in a stream: what is received ends with the
 * bytes that they were sent with. It can begin with bytes before them, as far as the segment has
 * room, so a receiver that needs to know reads those apart, or lets one byte stand for the
 * descriptors. If they arrive while the receive is cancelled or its deadline passes, the receive
 * succeeds.
 */
public final class UnixMessage extends SocketMessage implements AutoCloseable {
  /** The most descriptors that one message passes. */
  public static final int DESCRIPTORS_MAX = Message.DESCRIPTORS_MAX;

  private final ArrayDeque<Descriptor> descriptors = new ArrayDeque<>();
  private @Nullable SocketAddress address;

  /**
   * Makes a message of no bytes, without an address. Descriptors that are sent to it are closed.
   *
   * @param segment native memory
   */
  public UnixMessage(MemorySegment segment) {
    super(segment);
  }

  /**
   * Makes a message that takes the descriptors that it is sent, up to {@link #DESCRIPTORS_MAX}: all
   * that one message can pass.
   *
   * @param segment native memory
   * @return an empty message
   */
  public static UnixMessage takingDescriptors(MemorySegment segment) {
    return takingDescriptors(segment, DESCRIPTORS_MAX);
  }

  /**
   * Makes a message that takes a number of the descriptors that it is sent. The system closes those
   * beyond: see {@link #hasLostDescriptors}.
   *
   * @param segment native memory
   * @param most how many it takes at once, from 1 to {@link #DESCRIPTORS_MAX}
   * @return an empty message
   */
  public static UnixMessage takingDescriptors(MemorySegment segment, int most) {
    if (most < 1 || most > DESCRIPTORS_MAX) {
      throw new IllegalArgumentException("from 1 to " + DESCRIPTORS_MAX + " descriptors: " + most);
    }
    UnixMessage made = new UnixMessage(segment);
    made.message.takingDescriptors(most);
    return made;
  }

  /**
   * {@return the sender's address, or what {@link #setAddress} has set; null if the sender has
   * none}
   */
  public @Nullable SocketAddress address() {
    return address;
  }

  /**
   * Sets where a send goes.
   *
   * @param address a {@link java.net.UnixDomainSocketAddress} or {@link AbstractSocketAddress};
   *     null for the peer that the socket is connected to
   */
  public void setAddress(@Nullable SocketAddress address) {
    this.address = address;
    message.to(null);
  }

  /**
   * Adds to what the next send passes besides the bytes: the receiver gets a descriptor of its own
   * for the same open file, in the order of these calls. At least one byte has to be sent with
   * them. A send that succeeds or fails passes them at most once; one that would have to wait
   * ({@code trySend}) leaves them to the next.
   *
   * @param open a socket, a listener, a file, an end of a pipe or a {@link Descriptor}; it stays
   *     open here
   * @throws IllegalArgumentException if it has no descriptor, or a direct one: see {@link
   *     dev.weft.io.DirectDescriptors#install}
   * @throws IllegalStateException if the next send passes {@link #DESCRIPTORS_MAX} already, or a
   *     fiber is sending or receiving this message
   * @throws WrongThreadException if it belongs to another reactor
   */
  public void pass(Object open) {
    requireUnused("pass");
    if (message.passedCount() == DESCRIPTORS_MAX) {
      throw new IllegalStateException("a message passes no more than " + DESCRIPTORS_MAX);
    }
    Handle handle = handleOf(open);
    if (handle.isDirect()) {
      throw new IllegalArgumentException(
          "its descriptor is direct and can't be passed, DirectDescriptors.install moves it: "
              + open);
    }
    message.passing(handle);
  }

  private static Handle handleOf(Object open) {
    Endpoint endpoint = Endpoint.IN.of(open);
    if (endpoint != null) {
      endpoint.loop.requireThread("pass", open);
      return endpoint.handle();
    }
    Acceptor acceptor = Acceptor.IN.of(open);
    if (acceptor == null) {
      throw new IllegalArgumentException("has no descriptor to pass: " + open);
    }
    acceptor.requireThread("pass");
    return acceptor.handle();
  }

  /**
   * {@return the next of the descriptors that have been received, which the caller has to close;
   * null if there is no other}
   */
  public @Nullable Descriptor takeDescriptor() {
    return descriptors.poll();
  }

  /** {@return the number of descriptors that have been received and not been taken} */
  public int descriptorCount() {
    return descriptors.size();
  }

  /**
   * {@return whether the last receive has brought fewer descriptors than were sent with its bytes:
   * it took none or not so many, or the process has no room for more (RLIMIT_NOFILE). The system
   * has closed the last of them (MSG_CTRUNC)}
   */
  public boolean hasLostDescriptors() {
    return message.hasLostDescriptors();
  }

  /**
   * Closes the descriptors that have been received and not taken. The next receive does so, too.
   * Suspends.
   *
   * @throws IOException if the system reports a failure; all are closed even so
   */
  @Override
  public void close() throws IOException {
    Descriptor next = descriptors.poll();
    if (next == null) {
      return;
    }
    try (next) {
      close();
    }
  }

  // ---- for sockets

  @Override
  void beforeReceive(Endpoint endpoint) {
    if (message.descriptorRoom() > 0) {
      endpoint.loop.backend().require(Capability.ALL_UNIX_SOCKETS, "receiving descriptors");
    }
  }

  @Override
  void closeUntaken() throws IOException {
    close();
  }

  @Override
  void discardUntaken() {
    for (Descriptor next; (next = descriptors.poll()) != null; ) {
      next.discard();
    }
  }

  @Override
  void afterReceive(Endpoint endpoint, boolean hasSenders) {
    takeOver(endpoint.loop);
    SocketAddress sender = message.address();
    setAddress(sender == null || !hasSenders ? null : AbstractSocketAddress.decode(sender));
    message.to(address == null ? null : sender); // it need not be converted for a reply
  }

  private void takeOver(EventLoop loop) {
    int taken = 0;
    try {
      while (taken < message.descriptorCount()) {
        int number = message.descriptor(taken);
        Descriptor made = Descriptor.unopened(loop, number);
        descriptors.add(made);
        made.open(number);
        taken++;
      }
    } finally { // memory or stack can be short
      while (taken < message.descriptorCount()) {
        loop.backend().closeDescriptor(message.descriptor(taken++));
      }
    }
  }

  @Override
  void beforeSend(Endpoint endpoint) throws IOException {
    if (message.passedCount() > 0) {
      endpoint.loop.backend().require(Capability.ALL_UNIX_SOCKETS, "passing a descriptor");
      if (length() == 0) {
        throw new IllegalArgumentException("a descriptor is passed with at least one byte");
      }
    }
    SocketAddress wanted = address;
    if (wanted != null && message.address() == null) {
      message.to(AbstractSocketAddress.encode(wanted, "send", endpoint.loop.backend()));
    }
  }

  @Override
  void afterSend() {
    message.passNone();
  }

  @Override
  public String toString() {
    return "message of " + length() + " bytes" + (address == null ? "" : ", " + address);
  }
}
