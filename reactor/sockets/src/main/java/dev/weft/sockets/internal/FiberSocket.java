// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.net.SocketOptions;
import java.net.Socket;
import java.net.SocketException;

/** A socket of the JDK over a connection of Weft. */
public final class FiberSocket extends Socket {
  /** Makes a socket that is not connected. */
  public FiberSocket(SocketOptions options) throws SocketException {
    this(new Connection(options));
  }

  private FiberSocket(Connection connection) throws SocketException {
    super(connection);
  }
}
