// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * What a socket joins: a multicast group on one interface, with all senders or one.
 *
 * @param interfaceIndex the index of the network interface, at least 1
 * @param source the only sender, of the group's family; null for all
 */
public record MulticastMembership(
    InetAddress group, int interfaceIndex, @Nullable InetAddress source) {
  /** Whether a socket can't join both: they have senders in common. */
  public boolean overlaps(MulticastMembership other) {
    return group.equals(other.group)
        && interfaceIndex == other.interfaceIndex
        && (source == null || other.source == null || source.equals(other.source));
  }

  /** Whether datagrams of the sender arrive. */
  public boolean hears(InetAddress sender) {
    return source == null || source.equals(sender);
  }
}
