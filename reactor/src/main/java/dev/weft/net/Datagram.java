// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.Capability;
import dev.weft.internal.io.Endpoint;
import dev.weft.internal.io.InetAddresses;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/**
 * Memory for datagrams, with the length and the address of the one that it holds. To be used again:
 * receiving into it allocates nothing while the sender is the same. By one fiber at a time.
 *
 * <p>A server replies to {@link #address()} by sending the datagram back with {@link
 * UdpSocket#send(SocketMessage)}, after it has changed the bytes and the {@linkplain #setLength
 * length}. If the socket has {@link SocketOption#PACKET_INFO}, the reply comes from the address
 * that the datagram was sent to: otherwise the system chooses one, which on a wildcard address can
 * be another that the client does not expect.
 */
public final class Datagram extends SocketMessage {
  /**
   * Makes a datagram of no bytes, without an address.
   *
   * @param segment native memory; a datagram has at most 65507 bytes over IPv4
   */
  public Datagram(MemorySegment segment) {
    super(segment);
    message.takingLocal();
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

  /**
   * {@return the address of this machine that what has been received was sent to, or what {@link
   * #setLocalAddress} has set; null if neither is known} A socket reports it that has {@link
   * SocketOption#PACKET_INFO}. Of a datagram to a group or to all it is the address of the
   * interface; null over IPv6.
   */
  public @Nullable InetAddress localAddress() {
    return message.local();
  }

  /**
   * Sets the address that a send comes from.
   *
   * @param address an address of this machine, of the destination's family; null if the system
   *     chooses
   */
  public void setLocalAddress(@Nullable InetAddress address) {
    message.from(address);
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
    if (localAddress() != null) {
      endpoint.loop.backend().require(Capability.SOCKET_OPTIONS, "the local address of a datagram");
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
