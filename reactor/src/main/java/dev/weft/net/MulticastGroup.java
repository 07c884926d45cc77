// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.MulticastMembership;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import org.jspecify.annotations.Nullable;

/**
 * Multicast group on a network interface: what {@link UdpSocket#join} joins (RFC 3678).
 *
 * @param address the group's address, such as 239.1.2.3 or ff15::1
 * @param networkInterface where the group is joined
 * @param source the only sender whose datagrams arrive, of the family of {@code address}; null for
 *     all senders
 */
public record MulticastGroup(
    InetAddress address, NetworkInterface networkInterface, @Nullable InetAddress source) {
  /**
   * A group, with all senders or one.
   *
   * @throws IllegalArgumentException if {@code address} is not one of multicast, or {@code source}
   *     is none of a sender of the same family
   */
  public MulticastGroup {
    if (!address.isMulticastAddress()) {
      throw new IllegalArgumentException(
          "not an address of multicast: " + address.getHostAddress());
    }
    if (source != null) {
      String name = source.getHostAddress();
      if (source.isMulticastAddress() || source.isAnyLocalAddress()) {
        throw new IllegalArgumentException("not the address of a sender: " + name);
      }
      if (source instanceof Inet6Address != address instanceof Inet6Address) {
        throw new IllegalArgumentException(
            "the sender "
                + name
                + " and the group "
                + address.getHostAddress()
                + " differ in family");
      }
    }
  }

  /**
   * A group with all senders.
   *
   * @param address the group's address
   * @param networkInterface where the group is joined
   * @throws IllegalArgumentException if {@code address} is not one of multicast
   */
  public MulticastGroup(InetAddress address, NetworkInterface networkInterface) {
    this(address, networkInterface, null);
  }

  MulticastMembership membership() {
    return new MulticastMembership(address, networkInterface.getIndex(), source);
  }

  @Override
  public String toString() {
    String from = source == null ? "" : " from " + source.getHostAddress();
    return address.getHostAddress() + " on " + networkInterface.getName() + from;
  }
}
