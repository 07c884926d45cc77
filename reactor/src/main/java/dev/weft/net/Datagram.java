// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InetAddresses;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Memory for datagrams, with the length and the address of the one that it holds. To be used again:
 * receiving into it allocates nothing while the sender is the same. By one fiber at a time.
 *
 * <p>A server replies to {@link #address()} by sending the datagram back with {@link
 * UdpSocket#send(SocketMessage)}, after it has changed the bytes and the {@linkplain #setLength
 * length}.
 */
public final class Datagram extends SocketMessage {
  /**
   * Makes a datagram of no bytes, without an address.
   *
   * @param segment native memory; a datagram has at most 65507 bytes over IPv4
   */
  public Datagram(MemorySegment segment) {
    super(segment);
  }

  /**
   * {@return the sender of what has been received, or what {@link #setAddress} has set; null if
   * neither has happened. The sender's port can be 0, which can't be sent to}
   */
  public @Nullable InetSocketAddress address() {
    return (InetSocketAddress) message.address();
  }

  /**
   * Sets where a send goes.
   *
   * @param address a resolved address; null for the peer that the socket is connected to
   */
  public void setAddress(@Nullable InetSocketAddress address) {
    message.to(address);
  }

  @Override
  void beforeReceive(Endpoint endpoint) {}

  @Override
  void closeUntaken() {}

  @Override
  void discardUntaken() {}

  @Override
  void afterReceive(Endpoint endpoint, boolean hasSenders) {}

  @Override
  void beforeSend(Endpoint endpoint) throws IOException {
    InetSocketAddress address = address();
    if (address != null) {
      InetAddresses.requireResolved(address);
    }
  }

  @Override
  void afterSend() {}

  @Override
  public String toString() {
    InetSocketAddress known = address();
    return "datagram of " + length() + " bytes" + (known == null ? "" : ", " + known);
  }
}
