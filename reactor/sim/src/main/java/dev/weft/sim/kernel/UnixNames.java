// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.error.Errno;
import dev.weft.internal.backend.UnixAddress;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Maps names to Unix sockets: paths, which outlive their sockets, and abstract names. */
final class UnixNames {
  private final Map<UnixAddress, UnixSocket> sockets = new HashMap<>();

  /** Binds a socket; returns 0 or -errno. */
  int bind(UnixSocket socket, UnixAddress address) {
    if (socket.local != null || address.isUnnamed()) {
      return -Errno.EINVAL.code();
    }
    if (sockets.putIfAbsent(address, socket) != null) {
      return -Errno.EADDRINUSE.code();
    }
    socket.local = address;
    return 0;
  }

  @Nullable UnixSocket find(UnixAddress address) {
    return sockets.get(address);
  }

  /** The error for an address that no socket has ever had. */
  int refusal(UnixAddress address) {
    return -(address.isAbstract() ? Errno.ECONNREFUSED : Errno.ENOENT).code();
  }

  void release(UnixSocket socket) {
    UnixAddress address = socket.local;
    if (address != null && address.isAbstract()) {
      sockets.remove(address, socket);
    }
  }
}
