// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.bindings.weft_h;
import dev.weft.internal.backend.Handle;
import dev.weft.internal.io.Sockets;
import dev.weft.internal.sched.EventLoop;
import dev.weft.net.SocketOptions.Flag;
import java.io.IOException;

/** Puts {@link SocketOptions} into effect. */
final class SocketSetup {
  private SocketSetup() {}

  /** For any stream socket. */
  static void apply(EventLoop loop, Handle handle, SocketOptions options, Object subject)
      throws IOException {
    int socket = weft_h.SOL_SOCKET();
    if (options.has(Flag.KEEP_ALIVE)) {
      Sockets.set(loop, handle, socket, weft_h.SO_KEEPALIVE(), 1, subject);
    }
    if (options.has(Flag.NO_DELAY)) {
      Sockets.set(loop, handle, weft_h.IPPROTO_TCP(), weft_h.TCP_NODELAY(), 1, subject);
    }
    if (options.receiveBufferBytes() > 0) {
      int bytes = options.receiveBufferBytes();
      Sockets.set(loop, handle, socket, weft_h.SO_RCVBUF(), bytes, subject);
    }
    if (options.sendBufferBytes() > 0) {
      int bytes = options.sendBufferBytes();
      Sockets.set(loop, handle, socket, weft_h.SO_SNDBUF(), bytes, subject);
    }
    int userTimeout = options.userTimeoutMillis();
    if (userTimeout > 0) {
      int tcp = weft_h.IPPROTO_TCP();
      Sockets.set(loop, handle, tcp, weft_h.TCP_USER_TIMEOUT(), userTimeout, subject);
    }
    Sockets.linger(loop, handle, options.linger(), subject);
  }

  /** For a socket that is about to be bound. */
  static void applyBeforeBind(
      EventLoop loop, Handle handle, SocketOptions options, boolean ipv6, Object subject)
      throws IOException {
    int socket = weft_h.SOL_SOCKET();
    if (options.has(Flag.REUSE_ADDRESS)) {
      Sockets.set(loop, handle, socket, weft_h.SO_REUSEADDR(), 1, subject);
    }
    if (options.has(Flag.REUSE_PORT)) {
      Sockets.set(loop, handle, socket, weft_h.SO_REUSEPORT(), 1, subject);
    }
    if (ipv6) {
      int only = options.has(Flag.IPV6_ONLY) ? 1 : 0;
      Sockets.set(loop, handle, weft_h.IPPROTO_IPV6(), weft_h.IPV6_V6ONLY(), only, subject);
    }
  }
}
