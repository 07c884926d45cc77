// SPDX-License-Identifier: Apache-2.0
package dev.weft.sim.kernel;

import dev.weft.internal.backend.ConnectionInfo;
import dev.weft.internal.backend.Direction;
import dev.weft.internal.backend.FileType;
import dev.weft.internal.backend.OpenFlags;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;

/** What TCP and UDP sockets have in common: addresses, options, and a pending error. */
abstract class InternetSocket extends OpenFileDescription {
  final boolean ipv6;
  Options options;
  @Nullable InetSocketAddress local;
  @Nullable InetSocketAddress remote;

  /** The error that the next call reports, or 0: SO_ERROR. */
  int error;

  InternetSocket(Kernel kernel, boolean ipv6, Options options) {
    super(kernel, OpenFlags.READ | OpenFlags.WRITE);
    this.ipv6 = ipv6;
    this.options = options;
  }

  final int localPort() {
    InetSocketAddress address = local;
    return address == null ? 0 : address.getPort();
  }

  final boolean isIpv6() {
    return ipv6;
  }

  boolean isListening() {
    return false;
  }

  /** Whether there is a peer. */
  abstract boolean isConnected();

  /** The network in which the socket has its address. */
  abstract Network network();

  abstract int listen(int backlog);

  abstract int shutdown(Direction direction);

  final int takeError() {
    int taken = error;
    error = 0;
    return taken;
  }

  @Override
  final FileType type() {
    return FileType.SOCKET;
  }

  /** The bytes that have arrived and not been read, or -errno. */
  abstract int unreadBytes();

  /** The bytes that are on the way to the other end, or -errno. */
  abstract int unsentBytes();

  /** Describes a connection; returns 0 or -errno. */
  abstract int describe(ConnectionInfo info);
}
