// SPDX-License-Identifier: Apache-2.0
package dev.weft.examples.cli.server;

import dev.weft.net.SocketOptions;
import dev.weft.net.TcpListener;
import java.io.IOException;
import java.net.InetSocketAddress;

/** What a server does on one of its reactors. */
public interface ReactorServer {
  /**
   * Opens the sockets of an address.
   *
   * @param address where to listen
   * @param options of the sockets
   * @return open sockets
   * @throws dev.weft.error.ErrnoException whose operation says which protocol has failed
   * @throws IOException if the sockets can't be opened
   */
  ListeningSockets bind(InetSocketAddress address, SocketOptions options) throws IOException;

  /**
   * Makes the sockets of a listener that is open already, for TCP alone.
   *
   * @param listener a listener on which no fiber accepts
   * @return open sockets
   */
  ListeningSockets adopt(TcpListener listener);

  /**
   * Asks connections to end, after the sockets have been stopped. Those that are still open after
   * the grace time are cancelled.
   */
  default void drain() {}
}
