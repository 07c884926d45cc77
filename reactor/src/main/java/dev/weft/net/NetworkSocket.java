// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.Deadline;
import dev.weft.error.ErrnoException;
import dev.weft.internal.backend.Call;
import dev.weft.internal.backend.Capability;
import dev.weft.internal.backend.Gather;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.GatheredWrites;
import dev.weft.internal.io.Segments;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.io.Transferable;
import dev.weft.io.SegmentList;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.nio.channels.ClosedChannelException;

/** An open socket: its options, its address, and the bytes on their way. */
public abstract sealed class NetworkSocket permits StreamSocket, MessageSocket {
  /** For the sockets of this package. */
  NetworkSocket() {}

  abstract Endpoint endpoint();

  /**
   * Reads an option.
   *
   * @param option the option
   * @param <T> the type of the value
   * @return the value that the system has
   * @throws ErrnoException EOPNOTSUPP if the socket does not have the option
   * @throws UnsupportedOperationException if the backend does not have it
   * @throws ClosedChannelException if the socket is closed
   */
  public <T> T getOption(SocketOption<T> option) throws IOException {
    Endpoint mine = endpoint();
    mine.enter("getOption");
    return option.decode(SocketCalls.get(mine.loop, mine.handle(), option.code, mine.name()));
  }

  /**
   * Changes an option.
   *
   * @param option the option
   * @param value its new value
   * @param <T> the type of the value
   * @throws IllegalArgumentException if the option can't have the value
   * @throws ErrnoException ENOPROTOOPT if the socket does not have the option, EPERM if it needs a
   *     privilege, EINVAL if it is too late for it
   * @throws UnsupportedOperationException if the backend does not have it
   * @throws ClosedChannelException if the socket is closed
   */
  public <T> void setOption(SocketOption<T> option, T value) throws IOException {
    int encoded = option.encode(value);
    Endpoint mine = endpoint();
    mine.enter("setOption");
    SocketCalls.set(mine.loop, mine.handle(), option.code, encoded, mine.name());
  }

  /**
   * {@return how many bytes have arrived and not been read (SIOCINQ of tcp(7)); of datagrams, those
   * of the next one}
   *
   * @throws UnsupportedOperationException on a selector
   * @throws IOException if the socket is closed
   */
  public int unreadBytes() throws IOException {
    Endpoint mine = endpoint();
    return count("unread bytes", mine.loop.call().unreadBytes(mine.handle())) + mine.bytesAhead();
  }

  /**
   * {@return how many bytes were written and have not been acknowledged by the peer, or, of
   * datagrams, not been sent (SIOCOUTQ)}
   *
   * @throws UnsupportedOperationException on a selector
   * @throws IOException if the socket is closed
   */
  public int unsentBytes() throws IOException {
    return count("unsent bytes", endpoint().loop.call().unsentBytes(endpoint().handle()));
  }

  /** Performs a call that counts something. */
  final int count(String what, Call request) throws IOException {
    Endpoint mine = endpoint();
    mine.enter(what);
    mine.loop.backend().require(Capability.SOCKET_STATS, what);
    return mine.check(what, mine.loop.backend().perform(request));
  }

  /**
   * {@return the address of this end}
   *
   * @throws IOException if the socket is closed
   */
  public abstract SocketAddress localAddress() throws IOException;

  /** {@return whether {@code close} has not been called} */
  public boolean isOpen() {
    return endpoint().isOpen();
  }

  // ---- several segments

  /** Writes all bytes; more can follow. Suspends. */
  static void writeGathered(Endpoint endpoint, SegmentList source, boolean more, Deadline deadline)
      throws IOException {
    Segments segments = Segments.toWrite(source);
    long end = segments.byteSize();
    if (end == 0) {
      endpoint.write(MemorySegment.NULL, deadline.nanoTime());
      return;
    }
    int seen = endpoint.cancels();
    for (long written = 0; written < end; ) {
      endpoint.requireGoing("write", seen);
      Gather gather = GatheredWrites.begin(endpoint);
      boolean all = segments.gather(gather, written);
      written += GatheredWrites.write(endpoint, gather, more || !all, deadline.nanoTime());
    }
  }

  /** Writes all bytes, and more will follow. Suspends. */
  static void writeMore(Endpoint endpoint, MemorySegment source, Deadline deadline)
      throws IOException {
    long end = source.byteSize();
    if (end == 0) {
      endpoint.write(source, deadline.nanoTime());
      return;
    }
    Transferable.requireTransferable(source);
    int seen = endpoint.cancels();
    for (long from = 0; from < end; ) {
      endpoint.requireGoing("write", seen);
      Gather gather = GatheredWrites.begin(endpoint);
      gather.add(source, from, end - from);
      from += GatheredWrites.write(endpoint, gather, true, deadline.nanoTime());
    }
  }
}
