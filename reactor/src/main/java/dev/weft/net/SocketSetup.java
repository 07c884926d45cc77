// SPDX-License-Identifier: Apache-2.0
package dev.weft.net;

import dev.weft.internal.backend.Handle;
import dev.weft.internal.backend.SocketOption;
import dev.weft.internal.io.SocketCalls;
import dev.weft.internal.strand.EventLoop;
import dev.weft.net.SocketOptions.Flag;
import java.io.IOException;

/** Applies {@link SocketOptions} to a socket. */
final class SocketSetup {
  private SocketSetup() {}

  /** Applies the options of any stream socket. */
  static void apply(EventLoop loop, Handle handle, SocketOptions options, Object subject)
      throws IOException {
    if (options.has(Flag.KEEP_ALIVE)) {
      SocketCalls.set(loop, handle, SocketOption.KEEP_ALIVE, 1, subject);
    }
    if (options.has(Flag.NO_DELAY)) {
      SocketCalls.set(loop, handle, SocketOption.NO_DELAY, 1, subject);
    }
    if (options.receiveBufferBytes() > 0) {
      int bytes = options.receiveBufferBytes();
      SocketCalls.set(loop, handle, SocketOption.RECEIVE_BUFFER, bytes, subject);
    }
    if (options.sendBufferBytes() > 0) {
      int bytes = options.sendBufferBytes();
      SocketCalls.set(loop, handle, SocketOption.SEND_BUFFER, bytes, subject);
    }
    int userTimeout = options.userTimeoutMillis();
    if (userTimeout > 0) {
      SocketCalls.set(loop, handle, SocketOption.USER_TIMEOUT, userTimeout, subject);
    }
    SocketCalls.linger(loop, handle, options.linger(), subject);
  }

  /** Applies the options that must be set before bind(2). */
  static void applyBeforeBind(
      EventLoop loop, Handle handle, SocketOptions options, boolean ipv6, Object subject)
      throws IOException {
    if (options.has(Flag.REUSE_ADDRESS)) {
      SocketCalls.set(loop, handle, SocketOption.REUSE_ADDRESS, 1, subject);
    }
    if (options.has(Flag.REUSE_PORT)) {
      SocketCalls.set(loop, handle, SocketOption.REUSE_PORT, 1, subject);
    }
    if (ipv6) {
      int only = options.has(Flag.IPV6_ONLY) ? 1 : 0;
      SocketCalls.set(loop, handle, SocketOption.IPV6_ONLY, only, subject);
    }
  }
}
