// SPDX-License-Identifier: Apache-2.0
package dev.weft.sockets.internal;

import dev.weft.net.SocketOptions;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;

/** A server socket of the JDK over a listener of Weft. */
public final class FiberServerSocket extends ServerSocket {
  private final Listening listening;

  /** Makes a socket that is not bound. */
  public FiberServerSocket(SocketOptions options) {
    this(new Listening(options));
  }

  private FiberServerSocket(Listening listening) {
    super(listening);
    this.listening = listening;
  }

  /** {@inheritDoc} The JDK would make a socket of its own, which can't have our connection. */
  @Override
  public Socket accept() throws IOException {
    if (isClosed()) {
      throw new SocketException("Socket is closed");
    }
    if (!isBound()) {
      throw new SocketException("Socket is not bound yet");
    }
    FiberSocket accepted = new FiberSocket(listening.options());
    implAccept(accepted);
    return accepted;
  }
}
