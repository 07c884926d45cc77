// SPDX-License-Identifier: Apache-2.0
package dev.weft.internal.backend.selector;

import dev.weft.error.Errno;
import dev.weft.internal.backend.MulticastMembership;
import java.io.IOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.MembershipKey;
import java.util.HashMap;
import java.util.Map;

/** The multicast groups that a channel has joined. Each call returns 0, or -errno. */
final class Memberships {
  private final Map<MulticastMembership, MembershipKey> keys = new HashMap<>();

  int join(DatagramChannel channel, ProtocolFamily family, MulticastMembership wanted)
      throws IOException {
    InetAddress group = wanted.group();
    if (!group.isMulticastAddress()) {
      return -Errno.EINVAL.code();
    }
    if (group instanceof Inet6Address && family == StandardProtocolFamily.INET) {
      return -Errno.EAFNOSUPPORT.code();
    }
    NetworkInterface found = NetworkInterface.getByIndex(wanted.interfaceIndex());
    if (found == null) {
      return -Errno.ENODEV.code();
    }
    if (keys.keySet().stream().anyMatch(wanted::overlaps)) {
      return -Errno.EADDRINUSE.code();
    }
    InetAddress source = wanted.source();
    keys.put(
        wanted, source == null ? channel.join(group, found) : channel.join(group, found, source));
    return 0;
  }

  int leave(MulticastMembership joined) {
    MembershipKey key = keys.remove(joined);
    if (key == null) {
      return -Errno.EADDRNOTAVAIL.code();
    }
    key.drop();
    return 0;
  }
}
